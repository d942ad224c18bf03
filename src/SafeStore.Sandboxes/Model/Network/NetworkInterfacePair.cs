using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>The interface in the namespace and the tap that connects it to the guest. The tap's members stand beside the others.</summary>
public sealed record NetworkInterfacePair : StoredObject
{
    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? string.Empty; } = string.Empty;

    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("TAPIface")]
    public NetworkInterface TapInterface { get; init => field = value ?? new(); } = new();

    [JsonPropertyName("VMFds")]
    public IReadOnlyList<OpenFile?>? VmFds { get; init; }

    public IReadOnlyList<OpenFile?>? VhostFds { get; init; }

    [JsonPropertyName("VirtIface")]
    public NetworkInterface VirtualInterface { get; init => field = value ?? new(); } = new();

    public NetworkInterworkingModel NetInterworkingModel { get; init; }
}

/// <summary>A tap interface.</summary>
public sealed record TapInterface : StoredObject
{
    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? string.Empty; } = string.Empty;

    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("TAPIface")]
    public NetworkInterface TapInterfaceValue { get; init => field = value ?? new(); } = new();

    /// <summary>Open files: only their number is kept.</summary>
    [JsonPropertyName("VMFds")]
    public IReadOnlyList<OpenFile?>? VmFds { get; init; }

    /// <summary>Same.</summary>
    public IReadOnlyList<OpenFile?>? VhostFds { get; init; }
}

/// <summary>An interface by its name.</summary>
public sealed record NetworkInterface : StoredObject
{
    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("HardAddr")]
    public string HardwareAddress { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("Addrs")]
    public IReadOnlyList<InterfaceAddress>? Addresses { get; init; }
}
