using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>An ipvlan interface (the seed stores it and forgets it when it reads).</summary>
public sealed record IPVlanEndpoint : Endpoint
{
    private const string KindName = "ipvlan";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => KindName;

    /// <summary>Connected by traffic control filters unless it says otherwise: nothing else works for ipvlan.</summary>
    public NetworkInterfacePair NetPair { get; init => field = value ?? Connected(); } = Connected();

    public NetworkInfo EndpointProperties { get; init => field = value ?? new(); } = new();

    /// <summary>
    /// Repeats the kind. A reader goes by the envelope's; but the seed writes this one into the envelope at its next store.
    /// </summary>
    public string EndpointType { get; init => field = value ?? KindName; } = KindName;

    /// <summary>Bridge/slot, e.g. 02/01.</summary>
    [JsonPropertyName("PCIAddr")]
    public string PciAddress { get; init => field = value ?? string.Empty; } = string.Empty;

    private static NetworkInterfacePair Connected() => new() { NetInterworkingModel = NetworkInterworkingModel.TrafficControl };
}
