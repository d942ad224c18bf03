using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A vhost-user SCSI device.</summary>
public sealed record VhostUserScsiDevice : VhostUserDevice
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => "vhost-user-scsi-pci";
}
