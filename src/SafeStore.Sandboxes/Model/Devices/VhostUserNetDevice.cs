using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A vhost-user network device.</summary>
public sealed record VhostUserNetDevice : VhostUserDevice
{
    private const string KindName = "virtio-net-pci";

    /// <summary>Makes a device that is not attached.</summary>
    public VhostUserNetDevice() => Type = KindName;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => KindName;
}
