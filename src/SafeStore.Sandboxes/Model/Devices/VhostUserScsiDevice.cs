using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A vhost-user SCSI device.</summary>
public sealed record VhostUserScsiDevice : VhostUserDevice
{
    private const string KindName = "vhost-user-scsi-pci";

    /// <summary>Makes a device that is not attached.</summary>
    public VhostUserScsiDevice() => Type = KindName;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => KindName;
}
