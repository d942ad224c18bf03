using System.Collections.Generic;
using System.Text.Json.Serialization;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>
/// <c>persist.json</c> of a container; its configuration is in its sandbox's (<see cref="PersistSandboxConfig.ContainerConfigs"/>).
/// </summary>
public sealed record PersistContainer : StoredObject
{
    /// <summary>As a sandbox's.</summary>
    public string State { get; init => field = value ?? string.Empty; } = string.Empty;

    public PersistRootfs Rootfs { get; init => field = value ?? new(); } = new();

    public string CgroupPath { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Its uses of the sandbox's devices.</summary>
    public IReadOnlyList<PersistDeviceMap>? DeviceMaps { get; init; }

    /// <summary>The successor forgets <see cref="Mount.Type"/>: it is always empty.</summary>
    public IReadOnlyList<Mount>? Mounts { get; init; }

    public ContainerProcess Process { get; init => field = value ?? new(); } = new();

    public string BundlePath { get; init => field = value ?? string.Empty; } = string.Empty;
}

/// <summary>Where a container's root filesystem is, if it is a block device.</summary>
public sealed record PersistRootfs : StoredObject
{
    /// <summary>Id of a sandbox device.</summary>
    [JsonPropertyName("BlockDeviceID")]
    public string BlockDeviceId { get; init => field = value ?? string.Empty; } = string.Empty;

    public string FsType { get; init => field = value ?? string.Empty; } = string.Empty;
}

/// <summary>A container's use of one of the sandbox's devices.</summary>
public sealed record PersistDeviceMap : StoredObject
{
    /// <summary>Id of a sandbox device.</summary>
    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Path inside the container.</summary>
    public string ContainerPath { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>As Go has it, not as stat(2).</summary>
    public uint FileMode { get; init; }

    [JsonPropertyName("UID")]
    public uint Uid { get; init; }

    [JsonPropertyName("GID")]
    public uint Gid { get; init; }
}
