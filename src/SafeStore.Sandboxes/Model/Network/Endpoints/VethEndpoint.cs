using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A veth pair (its kind is called <c>virtual</c>).</summary>
public sealed record VethEndpoint : Endpoint
{
    private const string KindName = "virtual";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => KindName;

    public NetworkInterfacePair NetPair { get; init => field = value ?? new(); } = new();

    public NetworkInfo EndpointProperties { get; init => field = value ?? new(); } = new();

    public bool Physical { get; init; }

    /// <summary>
    /// Repeats the kind. A reader goes by the envelope's; but the seed writes this one into the envelope at its next store.
    /// </summary>
    public string EndpointType { get; init => field = value ?? KindName; } = KindName;

    /// <summary>Bridge/slot, e.g. 02/01.</summary>
    [JsonPropertyName("PCIAddr")]
    public string PciAddress { get; init => field = value ?? string.Empty; } = string.Empty;
}
