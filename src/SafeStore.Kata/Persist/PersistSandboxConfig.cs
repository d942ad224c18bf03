using System.Collections.Generic;
using System.Text.Json.Serialization;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>How a sandbox and its containers were made: less than the seed stores, what restoring them takes.</summary>
public sealed record PersistSandboxConfig : StoredObject
{
    public string HypervisorType { get; init => field = value ?? string.Empty; } = string.Empty;

    public PersistHypervisorConfig HypervisorConfig { get; init => field = value ?? new(); } = new();

    public string AgentType { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Of a <c>kata</c> agent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public KataAgentConfig? KataAgentConfig { get; init; }

    public string ProxyType { get; init => field = value ?? string.Empty; } = string.Empty;

    public ProxyConfig ProxyConfig { get; init => field = value ?? new(); } = new();

    public string ShimType { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Of a <c>kataShim</c>.</summary>
    public PersistShimConfig? KataShimConfig { get; init; }

    public PersistNetworkConfig NetworkConfig { get; init => field = value ?? new(); } = new();

    /// <summary>In bytes.</summary>
    public ulong ShmSize { get; init; }

    /// <summary>One pid namespace for the pod.</summary>
    public bool SharePidNs { get; init; }

    /// <summary>Kept in memory between calls.</summary>
    public bool Stateful { get; init; }

    public bool SystemdCgroup { get; init; }

    /// <summary>Whether all of the sandbox is in the pod's cgroup.</summary>
    public bool SandboxCgroupOnly { get; init; }

    public bool EnableAgentPidNs { get; init; }

    public bool DisableGuestSeccomp { get; init; }

    /// <summary>Names of experimental features.</summary>
    public IReadOnlyList<string>? Experimental { get; init; }

    public IReadOnlyList<PersistContainerConfig>? ContainerConfigs { get; init; }

    [JsonPropertyName("cgroups")]
    public PersistCgroup? Cgroups { get; init; }
}

/// <summary>A shim's configuration.</summary>
public sealed record PersistShimConfig : StoredObject
{
    public string Path { get; init => field = value ?? string.Empty; } = string.Empty;

    public bool Debug { get; init; }
}

/// <summary>How the sandbox is connected to the network.</summary>
public sealed record PersistNetworkConfig : StoredObject
{
    /// <summary>Written <c>NetNSPath</c>; in <see cref="PersistNetwork"/> it is <c>NetNsPath</c>.</summary>
    [JsonPropertyName("NetNSPath")]
    public string NetNsPath { get; init => field = value ?? string.Empty; } = string.Empty;

    public bool NetNsCreated { get; init; }

    public bool DisableNewNetNs { get; init; }

    public NetworkInterworkingModel InterworkingModel { get; init; }
}

/// <summary>What is kept of a container's configuration.</summary>
public sealed record PersistContainerConfig : StoredObject
{
    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? string.Empty; } = string.Empty;

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    public string RootFs { get; init => field = value ?? string.Empty; } = string.Empty;

    public LinuxResources Resources { get; init => field = value ?? new(); } = new();
}
