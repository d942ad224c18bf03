using System.Text.Json;
using System.Text.Json.Serialization;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>A physical interface, passed through.</summary>
public sealed record PersistPhysicalEndpoint : StoredObject
{
    [JsonPropertyName("BDF")]
    public string Bdf { get; init => field = value ?? string.Empty; } = string.Empty;

    public string Driver { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("VendorDeviceID")]
    public string VendorDeviceId { get; init => field = value ?? string.Empty; } = string.Empty;
}

/// <summary>An interface and the tap that connects it to the guest: veth, macvlan or ipvlan.</summary>
public sealed record PersistPairEndpoint : StoredObject
{
    public PersistInterfacePair NetPair { get; init => field = value ?? new(); } = new();
}

/// <summary>A vhost-user socket.</summary>
public sealed record PersistVhostUserEndpoint : StoredObject
{
    [JsonPropertyName("IfaceName")]
    public string InterfaceName { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Its one member is hidden from the encoder, so that the file has <c>{}</c> and never the path.</summary>
    [JsonPropertyName("PCIPath"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? PciPath { get; init; }
}

/// <summary>A macvtap interface.</summary>
public sealed record PersistMacvtapEndpoint : StoredObject
{
    /// <summary>Its one member is hidden from the encoder, so that the file has <c>{}</c> and never the path.</summary>
    [JsonPropertyName("PCIPath"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? PciPath { get; init; }
}

/// <summary>A tap interface.</summary>
public sealed record PersistTapEndpoint : StoredObject
{
    public PersistTapInterface TapInterface { get; init => field = value ?? new(); } = new();
}

/// <summary>A tuntap interface.</summary>
public sealed record PersistTuntapEndpoint : StoredObject
{
    public PersistTuntapInterface TuntapInterface { get; init => field = value ?? new(); } = new();
}

/// <summary>As <see cref="NetworkInterfacePair"/>, without the number of open files.</summary>
public sealed record PersistInterfacePair : StoredObject
{
    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? string.Empty; } = string.Empty;

    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("TAPIface")]
    public NetworkInterface TapInterface { get; init => field = value ?? new(); } = new();

    [JsonPropertyName("VirtIface")]
    public NetworkInterface VirtualInterface { get; init => field = value ?? new(); } = new();

    public NetworkInterworkingModel NetInterworkingModel { get; init; }
}

/// <summary>As <see cref="TapInterface"/>, without the number of open files.</summary>
public sealed record PersistTapInterface : StoredObject
{
    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? string.Empty; } = string.Empty;

    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("TAPIface")]
    public NetworkInterface TapInterfaceValue { get; init => field = value ?? new(); } = new();
}

/// <summary>A tuntap interface by its name.</summary>
public sealed record PersistTuntapInterface : StoredObject
{
    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("TAPIface")]
    public NetworkInterface TapInterface { get; init => field = value ?? new(); } = new();
}
