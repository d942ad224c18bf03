using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A physical interface, passed through.</summary>
public sealed record PhysicalEndpoint : Endpoint
{
    private const string KindName = "physical";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => KindName;

    [JsonPropertyName("IfaceName")]
    public string InterfaceName { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>With colons.</summary>
    [JsonPropertyName("HardAddr")]
    public string HardwareAddress { get; init => field = value ?? string.Empty; } = string.Empty;

    public NetworkInfo EndpointProperties { get; init => field = value ?? new(); } = new();

    /// <summary>
    /// Repeats the kind. A reader goes by the envelope's; but the seed writes this one into the envelope at its next store.
    /// </summary>
    public string EndpointType { get; init => field = value ?? KindName; } = KindName;

    [JsonPropertyName("BDF")]
    public string Bdf { get; init => field = value ?? string.Empty; } = string.Empty;

    public string Driver { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("VendorDeviceID")]
    public string VendorDeviceId { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Bridge/slot, e.g. 02/01.</summary>
    [JsonPropertyName("PCIAddr")]
    public string PciAddress { get; init => field = value ?? string.Empty; } = string.Empty;
}
