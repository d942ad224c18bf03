using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A vhost-user block device.</summary>
public sealed record VhostUserBlkDevice : VhostUserDevice
{
    private const string KindName = "vhost-user-blk-pci";

    /// <summary>Makes a device that is not attached.</summary>
    public VhostUserBlkDevice() => Type = KindName;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => KindName;
}
