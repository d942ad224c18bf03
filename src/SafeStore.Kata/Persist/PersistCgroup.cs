using System;
using System.Collections.Generic;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>The cgroup of a sandbox, as runc's library has it. The limits are left out of the file together, when there are none.</summary>
public sealed record PersistCgroup : StoredObject
{
    [JsonPropertyName("name"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    [JsonPropertyName("parent"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Parent { get; init; }

    [JsonPropertyName("path")]
    public string Path { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("scope_prefix")]
    public string ScopePrefix { get; init => field = value ?? string.Empty; } = string.Empty;

    public IReadOnlyDictionary<string, string>? Paths { get; init; }

    [JsonPropertyName("allow_all_devices"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? AllowAllDevices { get; init; }

    [JsonPropertyName("allowed_devices"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PersistCgroupDevice?>? AllowedDevices { get; init; }

    [JsonPropertyName("denied_devices"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PersistCgroupDevice?>? DeniedDevices { get; init; }

    [JsonPropertyName("devices")]
    public IReadOnlyList<PersistCgroupDevice?>? Devices { get; init; }

    /// <summary>In bytes, as the other limits of memory; null when there are no limits.</summary>
    [JsonPropertyName("memory"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Memory { get; init; }

    [JsonPropertyName("memory_reservation"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MemoryReservation { get; init; }

    [JsonPropertyName("memory_swap"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MemorySwap { get; init; }

    [JsonPropertyName("kernel_memory"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? KernelMemory { get; init; }

    [JsonPropertyName("kernel_memory_tcp"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? KernelMemoryTcp { get; init; }

    [JsonPropertyName("cpu_shares"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? CpuShares { get; init; }

    /// <summary>In microseconds, as the other times.</summary>
    [JsonPropertyName("cpu_quota"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? CpuQuota { get; init; }

    [JsonPropertyName("cpu_period"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? CpuPeriod { get; init; }

    [JsonPropertyName("cpu_rt_quota"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? CpuRealtimeQuota { get; init; }

    [JsonPropertyName("cpu_rt_period"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? CpuRealtimePeriod { get; init; }

    [JsonPropertyName("cpuset_cpus"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CpusetCpus { get; init; }

    [JsonPropertyName("cpuset_mems"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CpusetMems { get; init; }

    [JsonPropertyName("pids_limit"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? PidsLimit { get; init; }

    [JsonPropertyName("blkio_weight"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ushort? BlkioWeight { get; init; }

    [JsonPropertyName("blkio_leaf_weight"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ushort? BlkioLeafWeight { get; init; }

    [JsonPropertyName("blkio_weight_device")]
    public IReadOnlyList<LinuxWeightDevice?>? BlkioWeightDevice { get; init; }

    [JsonPropertyName("blkio_throttle_read_bps_device")]
    public IReadOnlyList<LinuxThrottleDevice?>? BlkioThrottleReadBpsDevice { get; init; }

    [JsonPropertyName("blkio_throttle_write_bps_device")]
    public IReadOnlyList<LinuxThrottleDevice?>? BlkioThrottleWriteBpsDevice { get; init; }

    [JsonPropertyName("blkio_throttle_read_iops_device")]
    public IReadOnlyList<LinuxThrottleDevice?>? BlkioThrottleReadIopsDevice { get; init; }

    [JsonPropertyName("blkio_throttle_write_iops_device")]
    public IReadOnlyList<LinuxThrottleDevice?>? BlkioThrottleWriteIopsDevice { get; init; }

    /// <summary><c>FROZEN</c>, <c>THAWED</c> or empty.</summary>
    [JsonPropertyName("freezer"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Freezer { get; init; }

    [JsonPropertyName("hugetlb_limit")]
    public IReadOnlyList<PersistHugepageLimit?>? HugetlbLimit { get; init; }

    [JsonPropertyName("oom_kill_disable"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? OomKillDisable { get; init; }

    [JsonPropertyName("memory_swappiness")]
    public ulong? MemorySwappiness { get; init; }

    [JsonPropertyName("net_prio_ifpriomap")]
    public IReadOnlyList<PersistInterfacePriority?>? NetPrioIfpriomap { get; init; }

    [JsonPropertyName("net_cls_classid_u"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public uint? NetClsClassId { get; init; }

    [JsonPropertyName("cpu_weight"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? CpuWeight { get; init; }

    [JsonPropertyName("cpu_max"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CpuMax { get; init; }

    /// <summary>
    /// In Go the limits are an embedded pointer; where that is nil, even those are missing that are written as null otherwise.
    /// </summary>
    internal static void LeaveOutMissingLimits(JsonTypeInfo type)
    {
        if (type.Type != typeof(PersistCgroup))
        {
            return;
        }

        foreach (JsonPropertyInfo member in type.Properties)
        {
            if (member.Name is "devices" or "hugetlb_limit" or "memory_swappiness" or "net_prio_ifpriomap"
                || member.Name.EndsWith("_device", StringComparison.Ordinal))
            {
                member.ShouldSerialize = static (cgroup, value) => value is not null || ((PersistCgroup)cgroup).Memory is not null;
            }
        }
    }
}

/// <summary>Access to a device; its members are named as runc's library names them.</summary>
public sealed record PersistCgroupDevice : StoredObject
{
    /// <summary>A character: <c>98</c> (b), <c>99</c> (c), <c>97</c> (a, all).</summary>
    [JsonPropertyName("type")]
    public int Type { get; init; }

    [JsonPropertyName("path")]
    public string Path { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("major")]
    public long Major { get; init; }

    [JsonPropertyName("minor")]
    public long Minor { get; init; }

    [JsonPropertyName("permissions")]
    public string Permissions { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("file_mode")]
    public uint FileMode { get; init; }

    [JsonPropertyName("uid")]
    public uint Uid { get; init; }

    [JsonPropertyName("gid")]
    public uint Gid { get; init; }

    [JsonPropertyName("allow")]
    public bool Allow { get; init; }
}

/// <summary>A limit of huge pages in bytes.</summary>
public sealed record PersistHugepageLimit : StoredObject
{
    [JsonPropertyName("page_size")]
    public string PageSize { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("limit")]
    public ulong Limit { get; init; }
}

/// <summary>The priority of an interface.</summary>
public sealed record PersistInterfacePriority : StoredObject
{
    [JsonPropertyName("interface")]
    public string Interface { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("priority")]
    public long Priority { get; init; }
}
