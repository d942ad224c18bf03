using System;
using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>How the virtual machine is made; sizes of memory in MiB.</summary>
public sealed record HypervisorConfig : StoredObject
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

    /// <summary>Extra kernel arguments.</summary>
    public IReadOnlyList<KernelParameter>? KernelParams { get; init; }

    /// <summary>Extra VMM arguments.</summary>
    public IReadOnlyList<KernelParameter>? HypervisorParams { get; init; }

    public string KernelPath { get; init => field = value ?? string.Empty; } = string.Empty;

    public string ImagePath { get; init => field = value ?? string.Empty; } = string.Empty;

    public string InitrdPath { get; init => field = value ?? string.Empty; } = string.Empty;

    public string FirmwarePath { get; init => field = value ?? string.Empty; } = string.Empty;

    public string MachineAccelerators { get; init => field = value ?? string.Empty; } = string.Empty;

    public string HypervisorPath { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary><c>virtio-scsi</c>, <c>virtio-blk</c>, <c>virtio-mmio</c>, <c>nvdimm</c>.</summary>
    public string BlockDeviceDriver { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary><c>pc</c>, <c>q35</c> ...</summary>
    public string HypervisorMachineType { get; init => field = value ?? string.Empty; } = string.Empty;

    public string MemoryPath { get; init => field = value ?? string.Empty; } = string.Empty;

    public string DevicesStatePath { get; init => field = value ?? string.Empty; } = string.Empty;

    public string EntropySource { get; init => field = value ?? string.Empty; } = string.Empty;

    public bool BlockDeviceCacheSet { get; init; }

    public bool BlockDeviceCacheDirect { get; init; }

    public bool BlockDeviceCacheNoflush { get; init; }

    public bool DisableBlockDeviceUse { get; init; }

    [JsonPropertyName("EnableIOThreads")]
    public bool EnableIoThreads { get; init; }

    public bool Debug { get; init; }

    public bool MemPrealloc { get; init; }

    public bool HugePages { get; init; }

    public bool Realtime { get; init; }

    public bool Mlock { get; init; }

    public bool DisableNestingChecks { get; init; }

    [JsonPropertyName("UseVSock")]
    public bool UseVsock { get; init; }

    [JsonPropertyName("HotplugVFIOOnRootBus")]
    public bool HotplugVfioOnRootBus { get; init; }

    public bool BootToBeTemplate { get; init; }

    public bool BootFromTemplate { get; init; }

    public bool DisableVhostNet { get; init; }

    public string GuestHookPath { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Checks what the seed demands of a sandbox that is created: a kernel, and an image or an initrd.</summary>
    /// <exception cref="ArgumentException">One is missing.</exception>
    public void Validate()
    {
        if (KernelPath.Length == 0)
        {
            throw new ArgumentException("Missing kernel path: the hypervisor's configuration must name a kernel.");
        }

        if (ImagePath.Length == 0 && InitrdPath.Length == 0)
        {
            throw new ArgumentException("Missing image and initrd path: the hypervisor's configuration must name one of them.");
        }
    }

    /// <summary>
    /// The same with the seed's defaults in the place of what is not set: 1 vCPU, at most 240, 2048 MiB, 1 bridge, <c>virtio-scsi</c>, 8192
    /// bytes per 9p message.
    /// </summary>
    public HypervisorConfig WithDefaults() => this with
    {
        NumVcpus = NumVcpus == 0 ? 1 : NumVcpus,
        DefaultMaxVcpus = DefaultMaxVcpus == 0 ? 240 : DefaultMaxVcpus,
        MemorySize = MemorySize == 0 ? 2048 : MemorySize,
        DefaultBridges = DefaultBridges == 0 ? 1 : DefaultBridges,
        BlockDeviceDriver = BlockDeviceDriver.Length == 0 ? "virtio-scsi" : BlockDeviceDriver,
        Msize9p = Msize9p == 0 ? 8192 : Msize9p,
    };
}

/// <summary>A parameter of the guest kernel or of the hypervisor.</summary>
public sealed record KernelParameter : StoredObject
{
    public string Key { get; init => field = value ?? string.Empty; } = string.Empty;

    public string Value { get; init => field = value ?? string.Empty; } = string.Empty;
}
