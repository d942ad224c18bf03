using System.Collections.Generic;
using System.Text.Json.Serialization;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>The hypervisor's state; one form for all of them.</summary>
public sealed record PersistHypervisorState : StoredObject
{
    public long Pid { get; init; }

    /// <summary><c>qemu</c>, <c>firecracker</c>, <c>clh</c>, <c>acrn</c>, ...</summary>
    public string Type { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The block indexes that are in use. The seed has a counter instead, <see cref="State.BlockIndex"/>.</summary>
    public IReadOnlyDictionary<long, PersistBlockIndex>? BlockIndexMap { get; init; }

    /// <summary>VM uuid text.</summary>
    [JsonPropertyName("UUID")]
    public string Uuid { get; init => field = value ?? string.Empty; } = string.Empty;

    public IReadOnlyList<PersistBridge>? Bridges { get; init; }

    [JsonPropertyName("HotpluggedVCPUs")]
    public IReadOnlyList<CpuDevice>? HotpluggedVcpus { get; init; }

    /// <summary>In MiB.</summary>
    public long HotpluggedMemory { get; init; }

    public long VirtiofsdPid { get; init; }

    [JsonPropertyName("HotplugVFIOOnRootBus")]
    public bool HotplugVfioOnRootBus { get; init; }

    /// <summary>How many root ports there are.</summary>
    [JsonPropertyName("PCIeRootPort")]
    public long PcieRootPort { get; init; }

    /// <summary>Of <c>clh</c>.</summary>
    [JsonPropertyName("APISocket")]
    public string ApiSocket { get; init => field = value ?? string.Empty; } = string.Empty;
}

/// <summary>A block index in use: the file has <c>{}</c> for it.</summary>
public sealed record PersistBlockIndex : StoredObject;

/// <summary>A PCI bridge of the guest.</summary>
public sealed record PersistBridge : StoredObject
{
    /// <summary>From the slot's number to the device's id.</summary>
    [JsonPropertyName("DeviceAddr")]
    public IReadOnlyDictionary<uint, string>? DeviceAddresses { get; init; }

    /// <summary><c>pci</c>, <c>pcie</c>.</summary>
    public string Type { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Slot of the bridge.</summary>
    [JsonPropertyName("Addr")]
    public long Slot { get; init; }
}
