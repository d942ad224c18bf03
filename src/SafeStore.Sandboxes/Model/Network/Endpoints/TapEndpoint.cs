using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A tap interface.</summary>
public sealed record TapEndpoint : Endpoint
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => "tap";

    public TapInterface TapInterface { get; init => field = value ?? new(); } = new();

    public NetworkInfo EndpointProperties { get; init => field = value ?? new(); } = new();

    /// <summary>Repeats the kind; the envelope's decides.</summary>
    public string EndpointType { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Bridge/slot, e.g. 02/01.</summary>
    [JsonPropertyName("PCIAddr")]
    public string PciAddress { get; init => field = value ?? string.Empty; } = string.Empty;
}
