using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A device passed through by VFIO.</summary>
public sealed record VfioDevice : Device
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => "vfio";

    /// <summary>Null until it is attached.</summary>
    public IReadOnlyList<VfioFunction?>? VfioDevs { get; init; }
}

/// <summary>A PCI function of a VFIO device.</summary>
public sealed record VfioFunction : StoredObject
{
    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? string.Empty; } = string.Empty;

    public VfioFunctionType Type { get; init; }

    /// <summary>E.g. 00:1c.0.</summary>
    [JsonPropertyName("BDF")]
    public string Bdf { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Path for a mediated device.</summary>
    public string SysfsDev { get; init => field = value ?? string.Empty; } = string.Empty;
}
