using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A physical interface, passed through.</summary>
public sealed record PhysicalEndpoint : Endpoint
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => "physical";

    [JsonPropertyName("IfaceName")]
    public string InterfaceName { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>With colons.</summary>
    [JsonPropertyName("HardAddr")]
    public string HardwareAddress { get; init => field = value ?? string.Empty; } = string.Empty;

    public NetworkInfo EndpointProperties { get; init => field = value ?? new(); } = new();

    /// <summary>Repeats the kind; the envelope's decides.</summary>
    public string EndpointType { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("BDF")]
    public string Bdf { get; init => field = value ?? string.Empty; } = string.Empty;

    public string Driver { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("VendorDeviceID")]
    public string VendorDeviceId { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Bridge/slot, e.g. 02/01.</summary>
    [JsonPropertyName("PCIAddr")]
    public string PciAddress { get; init => field = value ?? string.Empty; } = string.Empty;
}
