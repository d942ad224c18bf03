using System.Collections.Generic;
using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary><c>hypervisor.json</c> of a <c>qemu</c> sandbox.</summary>
public sealed record QemuState : StoredObject
{
    public IReadOnlyList<Bridge>? Bridges { get; init; }

    [JsonPropertyName("HotpluggedVCPUs")]
    public IReadOnlyList<CpuDevice>? HotpluggedVcpus { get; init; }

    /// <summary>In MiB.</summary>
    public long HotpluggedMemory { get; init; }

    /// <summary>VM uuid text.</summary>
    [JsonPropertyName("UUID")]
    public string Uuid { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("HotplugVFIOOnRootBus")]
    public bool HotplugVfioOnRootBus { get; init; }
}

/// <summary>A PCI bridge of the guest.</summary>
public sealed record Bridge : StoredObject
{
    /// <summary>From the slot's number to the device's id. The seed adds to it without a look: null ends its process.</summary>
    public IReadOnlyDictionary<uint, string>? Address { get; init; } = ImmutableDictionary<uint, string>.Empty;

    /// <summary><c>pci</c>, <c>pcie</c>.</summary>
    public string Type { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Slot of the bridge.</summary>
    [JsonPropertyName("Addr")]
    public long Slot { get; init; }
}

/// <summary>A hot-plugged CPU.</summary>
public sealed record CpuDevice : StoredObject
{
    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? string.Empty; } = string.Empty;
}
