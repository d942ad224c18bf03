using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A vhost-user socket.</summary>
public sealed record VhostUserEndpoint : Endpoint
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => "vhost-user";

    public string SocketPath { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>With colons.</summary>
    [JsonPropertyName("HardAddr")]
    public string HardwareAddress { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("IfaceName")]
    public string InterfaceName { get; init => field = value ?? string.Empty; } = string.Empty;

    public NetworkInfo EndpointProperties { get; init => field = value ?? new(); } = new();

    /// <summary>Repeats the kind; the envelope's decides.</summary>
    public string EndpointType { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Bridge/slot, e.g. 02/01.</summary>
    [JsonPropertyName("PCIAddr")]
    public string PciAddress { get; init => field = value ?? string.Empty; } = string.Empty;
}
