using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A vhost-user network device.</summary>
public sealed record VhostUserNetDevice : VhostUserDevice
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => "virtio-net-pci";
}
