using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A veth pair (its kind is called <c>virtual</c>).</summary>
public sealed record VethEndpoint : Endpoint
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => "virtual";

    public NetworkInterfacePair NetPair { get; init => field = value ?? new(); } = new();

    public NetworkInfo EndpointProperties { get; init => field = value ?? new(); } = new();

    public bool Physical { get; init; }

    /// <summary>Repeats the kind; the envelope's decides.</summary>
    public string EndpointType { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Bridge/slot, e.g. 02/01.</summary>
    [JsonPropertyName("PCIAddr")]
    public string PciAddress { get; init => field = value ?? string.Empty; } = string.Empty;
}
