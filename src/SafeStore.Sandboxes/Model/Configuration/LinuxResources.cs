using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>The limits of a container, as the OCI runtime specification 1.0 has them. What is not set is left out of the file.</summary>
public sealed record LinuxResources : StoredObject
{
    [JsonPropertyName("devices"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LinuxDeviceCgroup>? Devices { get; init; }

    [JsonPropertyName("memory"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LinuxMemory? Memory { get; init; }

    [JsonPropertyName("cpu"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LinuxCpu? Cpu { get; init; }

    [JsonPropertyName("pids"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LinuxPids? Pids { get; init; }

    [JsonPropertyName("blockIO"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LinuxBlockIO? BlockIO { get; init; }

    [JsonPropertyName("hugepageLimits"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LinuxHugepageLimit>? HugepageLimits { get; init; }

    [JsonPropertyName("network"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LinuxNetwork? Network { get; init; }

    [JsonPropertyName("rdma"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, LinuxRdma>? Rdma { get; init; }
}

/// <summary>Access to a device.</summary>
public sealed record LinuxDeviceCgroup : StoredObject
{
    [JsonPropertyName("allow")]
    public bool Allow { get; init; }

    [JsonPropertyName("type"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Type { get; init; }

    [JsonPropertyName("major"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Major { get; init; }

    [JsonPropertyName("minor"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Minor { get; init; }

    [JsonPropertyName("access"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Access { get; init; }
}

/// <summary>Memory limits in bytes.</summary>
public sealed record LinuxMemory : StoredObject
{
    [JsonPropertyName("limit"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Limit { get; init; }

    [JsonPropertyName("reservation"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Reservation { get; init; }

    [JsonPropertyName("swap"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Swap { get; init; }

    [JsonPropertyName("kernel"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Kernel { get; init; }

    [JsonPropertyName("kernelTCP"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? KernelTcp { get; init; }

    [JsonPropertyName("swappiness"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? Swappiness { get; init; }

    [JsonPropertyName("disableOOMKiller"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? DisableOomKiller { get; init; }
}

/// <summary>CPU limits; times in microseconds.</summary>
public sealed record LinuxCpu : StoredObject
{
    [JsonPropertyName("shares"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? Shares { get; init; }

    [JsonPropertyName("quota"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Quota { get; init; }

    [JsonPropertyName("period"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? Period { get; init; }

    [JsonPropertyName("realtimeRuntime"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? RealtimeRuntime { get; init; }

    [JsonPropertyName("realtimePeriod"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? RealtimePeriod { get; init; }

    [JsonPropertyName("cpus"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Cpus { get; init; }

    [JsonPropertyName("mems"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Mems { get; init; }
}

/// <summary>The number of processes.</summary>
public sealed record LinuxPids : StoredObject
{
    [JsonPropertyName("limit")]
    public long Limit { get; init; }
}

/// <summary>A limit of huge pages in bytes.</summary>
public sealed record LinuxHugepageLimit : StoredObject
{
    [JsonPropertyName("pageSize")]
    public string PageSize { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("limit")]
    public ulong Limit { get; init; }
}

/// <summary>Network classes.</summary>
public sealed record LinuxNetwork : StoredObject
{
    [JsonPropertyName("classID"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public uint? ClassId { get; init; }

    [JsonPropertyName("priorities"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LinuxInterfacePriority>? Priorities { get; init; }
}

/// <summary>The priority of an interface.</summary>
public sealed record LinuxInterfacePriority : StoredObject
{
    [JsonPropertyName("name")]
    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("priority")]
    public uint Priority { get; init; }
}

/// <summary>RDMA limits of one device.</summary>
public sealed record LinuxRdma : StoredObject
{
    [JsonPropertyName("hcaHandles"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public uint? HcaHandles { get; init; }

    [JsonPropertyName("hcaObjects"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public uint? HcaObjects { get; init; }
}
