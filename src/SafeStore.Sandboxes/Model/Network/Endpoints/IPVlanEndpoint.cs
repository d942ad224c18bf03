using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>An ipvlan interface (the seed stores it and forgets it when it reads).</summary>
public sealed record IPVlanEndpoint : Endpoint
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => "ipvlan";

    public NetworkInterfacePair NetPair { get; init => field = value ?? new(); } = new();

    public NetworkInfo EndpointProperties { get; init => field = value ?? new(); } = new();

    /// <summary>Repeats the kind; the envelope's decides.</summary>
    public string EndpointType { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Bridge/slot, e.g. 02/01.</summary>
    [JsonPropertyName("PCIAddr")]
    public string PciAddress { get; init => field = value ?? string.Empty; } = string.Empty;
}
