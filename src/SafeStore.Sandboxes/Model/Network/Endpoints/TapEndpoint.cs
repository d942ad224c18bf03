using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A tap interface.</summary>
public sealed record TapEndpoint : Endpoint
{
    private const string KindName = "tap";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => KindName;

    public TapInterface TapInterface { get; init => field = value ?? new(); } = new();

    public NetworkInfo EndpointProperties { get; init => field = value ?? new(); } = new();

    /// <summary>
    /// Repeats the kind. A reader goes by the envelope's; but the seed writes this one into the envelope at its next store.
    /// </summary>
    public string EndpointType { get; init => field = value ?? KindName; } = KindName;

    /// <summary>Bridge/slot, e.g. 02/01.</summary>
    [JsonPropertyName("PCIAddr")]
    public string PciAddress { get; init => field = value ?? string.Empty; } = string.Empty;
}
