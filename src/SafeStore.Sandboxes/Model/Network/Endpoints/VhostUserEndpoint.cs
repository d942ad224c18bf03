using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A vhost-user socket.</summary>
public sealed record VhostUserEndpoint : Endpoint
{
    private const string KindName = "vhost-user";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => KindName;

    public string SocketPath { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>With colons.</summary>
    [JsonPropertyName("HardAddr")]
    public string HardwareAddress { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("IfaceName")]
    public string InterfaceName { get; init => field = value ?? string.Empty; } = string.Empty;

    public NetworkInfo EndpointProperties { get; init => field = value ?? new(); } = new();

    /// <summary>
    /// Repeats the kind. A reader goes by the envelope's; but the seed writes this one into the envelope at its next store.
    /// </summary>
    public string EndpointType { get; init => field = value ?? KindName; } = KindName;

    /// <summary>Bridge/slot, e.g. 02/01.</summary>
    [JsonPropertyName("PCIAddr")]
    public string PciAddress { get; init => field = value ?? string.Empty; } = string.Empty;
}
