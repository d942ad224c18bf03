using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A device that is only passed on.</summary>
public sealed record GenericDevice : Device
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => "generic";
}
