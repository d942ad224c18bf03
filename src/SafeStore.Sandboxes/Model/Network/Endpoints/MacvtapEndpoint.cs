using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A macvtap interface.</summary>
public sealed record MacvtapEndpoint : Endpoint
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => "macvtap";

    public NetworkInfo EndpointProperties { get; init => field = value ?? new(); } = new();

    /// <summary>Repeats the kind; the envelope's decides.</summary>
    public string EndpointType { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("VMFds")]
    public IReadOnlyList<OpenFile?>? VmFds { get; init; }

    public IReadOnlyList<OpenFile?>? VhostFds { get; init; }

    /// <summary>Bridge/slot, e.g. 02/01.</summary>
    [JsonPropertyName("PCIAddr")]
    public string PciAddress { get; init => field = value ?? string.Empty; } = string.Empty;
}
