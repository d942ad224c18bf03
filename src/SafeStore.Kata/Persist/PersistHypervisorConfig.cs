using System.Collections.Generic;
using System.Text.Json.Serialization;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>How the virtual machine is made; sizes of memory in MiB.</summary>
public sealed record PersistHypervisorConfig : StoredObject
{
    /// <summary>Default vCPUs.</summary>
    [JsonPropertyName("NumVCPUs")]
    public uint NumVcpus { get; init; }

    /// <summary>Upper bound.</summary>
    [JsonPropertyName("DefaultMaxVCPUs")]
    public uint DefaultMaxVcpus { get; init; }

    /// <summary>In MiB.</summary>
    public uint MemorySize { get; init; }

    /// <summary>PCI bridges.</summary>
    public uint DefaultBridges { get; init; }

    /// <summary>9p message size.</summary>
    public uint Msize9p { get; init; }

    public uint MemSlots { get; init; }

    /// <summary>Nvdimm offset.</summary>
    public uint MemOffset { get; init; }

    /// <summary>The DAX cache, in MiB.</summary>
    [JsonPropertyName("VirtioFSCacheSize")]
    public uint VirtioFsCacheSize { get; init; }

    public string KernelPath { get; init => field = value ?? string.Empty; } = string.Empty;

    public string ImagePath { get; init => field = value ?? string.Empty; } = string.Empty;

    public string InitrdPath { get; init => field = value ?? string.Empty; } = string.Empty;

    public string FirmwarePath { get; init => field = value ?? string.Empty; } = string.Empty;

    public string MachineAccelerators { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("CPUFeatures")]
    public string CpuFeatures { get; init => field = value ?? string.Empty; } = string.Empty;

    public string HypervisorPath { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Which paths an annotation may name; so are the other lists of paths.</summary>
    public IReadOnlyList<string>? HypervisorPathList { get; init; }

    public string HypervisorCtlPath { get; init => field = value ?? string.Empty; } = string.Empty;

    public IReadOnlyList<string>? HypervisorCtlPathList { get; init; }

    public string JailerPath { get; init => field = value ?? string.Empty; } = string.Empty;

    public IReadOnlyList<string>? JailerPathList { get; init; }

    /// <summary><c>virtio-scsi</c>, <c>virtio-blk</c>, <c>virtio-mmio</c>, <c>nvdimm</c>.</summary>
    public string BlockDeviceDriver { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary><c>pc</c>, <c>q35</c> ...</summary>
    public string HypervisorMachineType { get; init => field = value ?? string.Empty; } = string.Empty;

    public string MemoryPath { get; init => field = value ?? string.Empty; } = string.Empty;

    public string DevicesStatePath { get; init => field = value ?? string.Empty; } = string.Empty;

    public string EntropySource { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary><c>virtio-9p</c>, <c>virtio-fs</c>.</summary>
    [JsonPropertyName("SharedFS")]
    public string SharedFs { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("VirtioFSDaemon")]
    public string VirtioFsDaemon { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("VirtioFSDaemonList")]
    public IReadOnlyList<string>? VirtioFsDaemonList { get; init; }

    /// <summary>The cache mode.</summary>
    [JsonPropertyName("VirtioFSCache")]
    public string VirtioFsCache { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("VirtioFSExtraArgs")]
    public IReadOnlyList<string>? VirtioFsExtraArgs { get; init; }

    public string FileBackedMemRootDir { get; init => field = value ?? string.Empty; } = string.Empty;

    public IReadOnlyList<string>? FileBackedMemRootList { get; init; }

    public bool BlockDeviceCacheSet { get; init; }

    public bool BlockDeviceCacheDirect { get; init; }

    public bool BlockDeviceCacheNoflush { get; init; }

    public bool DisableBlockDeviceUse { get; init; }

    [JsonPropertyName("EnableIOThreads")]
    public bool EnableIoThreads { get; init; }

    public bool Debug { get; init; }

    public bool MemPrealloc { get; init; }

    public bool HugePages { get; init; }

    public bool VirtioMem { get; init; }

    public bool Realtime { get; init; }

    public bool Mlock { get; init; }

    public bool DisableNestingChecks { get; init; }

    [JsonPropertyName("UseVSock")]
    public bool UseVsock { get; init; }

    public bool DisableImageNvdimm { get; init; }

    [JsonPropertyName("HotplugVFIOOnRootBus")]
    public bool HotplugVfioOnRootBus { get; init; }

    /// <summary>How many root ports.</summary>
    [JsonPropertyName("PCIeRootPort")]
    public uint PcieRootPort { get; init; }

    public bool BootToBeTemplate { get; init; }

    public bool BootFromTemplate { get; init; }

    public bool DisableVhostNet { get; init; }

    public bool EnableVhostUserStore { get; init; }

    public string VhostUserStorePath { get; init => field = value ?? string.Empty; } = string.Empty;

    public IReadOnlyList<string>? VhostUserStorePathList { get; init; }

    public string GuestHookPath { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The id of the virtual machine that the factory made, else empty.</summary>
    [JsonPropertyName("VMid")]
    public string VmId { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Which annotations may change this configuration.</summary>
    public IReadOnlyList<string>? EnableAnnotations { get; init; }
}
