using System.Collections.Generic;
using System.Text.Json.Serialization;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>
/// <c>persist.json</c> of a sandbox: what Kata from 1.11 on stores instead of the seed's files, all in one. See
/// <see cref="PersistConversion"/>.
/// </summary>
public sealed record PersistSandbox : StoredObject
{
    /// <summary>The version of the form, 2 at last; a sandbox keeps that of its creation.</summary>
    public ulong PersistVersion { get; init; }

    /// <summary>
    /// <c>ready</c>, <c>running</c>, <c>paused</c> or <c>stopped</c>, empty before the first; see <see cref="Lifecycles.Parse"/>.
    /// </summary>
    public string State { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>In MiB.</summary>
    [JsonPropertyName("GuestMemoryBlockSizeMB")]
    public uint GuestMemoryBlockSize { get; init; }

    /// <summary>Whether the guest must be told of memory that is plugged in.</summary>
    public bool GuestMemoryHotplugProbe { get; init; }

    /// <summary>The id of the sandbox's own container, which is the sandbox's.</summary>
    public string SandboxContainer { get; init => field = value ?? string.Empty; } = string.Empty;

    public string CgroupPath { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>By the subsystem's name.</summary>
    public IReadOnlyDictionary<string, string>? CgroupPaths { get; init; }

    public IReadOnlyList<PersistDevice>? Devices { get; init; }

    public PersistHypervisorState HypervisorState { get; init => field = value ?? new(); } = new();

    public AgentState AgentState { get; init => field = value ?? new(); } = new();

    public PersistNetwork Network { get; init => field = value ?? new(); } = new();

    public PersistSandboxConfig Config { get; init => field = value ?? new(); } = new();
}
