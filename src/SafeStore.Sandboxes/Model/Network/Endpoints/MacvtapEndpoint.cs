using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A macvtap interface.</summary>
public sealed record MacvtapEndpoint : Endpoint
{
    private const string KindName = "macvtap";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => KindName;

    public NetworkInfo EndpointProperties { get; init => field = value ?? new(); } = new();

    /// <summary>
    /// Repeats the kind. A reader goes by the envelope's; but the seed writes this one into the envelope at its next store.
    /// </summary>
    public string EndpointType { get; init => field = value ?? KindName; } = KindName;

    [JsonPropertyName("VMFds")]
    public IReadOnlyList<OpenFile?>? VmFds { get; init; }

    public IReadOnlyList<OpenFile?>? VhostFds { get; init; }

    /// <summary>Bridge/slot, e.g. 02/01.</summary>
    [JsonPropertyName("PCIAddr")]
    public string PciAddress { get; init => field = value ?? string.Empty; } = string.Empty;
}
