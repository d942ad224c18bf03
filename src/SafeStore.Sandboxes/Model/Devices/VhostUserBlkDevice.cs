using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A vhost-user block device.</summary>
public sealed record VhostUserBlkDevice : VhostUserDevice
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => "vhost-user-blk-pci";
}
