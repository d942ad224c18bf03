using System.Collections.Generic;

namespace SafeStore.Sandboxes;

/// <summary>What has become of the processes that a sandbox's documents name.</summary>
public enum ProcessVerdict
{
    /// <summary>No process is named.</summary>
    NotRecorded,

    /// <summary>One lives.</summary>
    Living,

    /// <summary>
    /// One has the id that is named, and began more than a minute after the time that is named: probably another process. A clock that was
    /// set forward looks the same.
    /// </summary>
    Reused,

    /// <summary>None lives; or the sandbox was only being made, and its maker holds no lock.</summary>
    Gone,

    /// <summary>Not known, since another process holds the sandbox's lock.</summary>
    Locked,

    /// <summary>Not known, since something of the sandbox cannot be read.</summary>
    Unreadable,
}

/// <summary>A process that a document names.</summary>
/// <param name="Container">The container whose document it is; null for the sandbox's own.</param>
/// <param name="File">The document's file.</param>
/// <param name="Pid">The id, above 0.</param>
/// <param name="Verdict"><c>Living</c>, <c>Reused</c> or <c>Gone</c>.</param>
public sealed record RecordedProcess(string? Container, string File, long Pid, ProcessVerdict Verdict);

/// <summary>A sandbox with the processes that its documents name.</summary>
/// <param name="Sandbox">Its id.</param>
/// <param name="Verdict">What has become of them, all together.</param>
public sealed record SandboxProcesses(string Sandbox, ProcessVerdict Verdict)
{
    /// <summary>Where it stands in its life.</summary>
    public Lifecycle Lifecycle { get; init; }

    /// <summary>The processes.</summary>
    public IReadOnlyList<RecordedProcess> Processes { get; init; } = [];

    /// <summary>What is still to be undone.</summary>
    public IReadOnlyList<Intent> Intents { get; init; } = [];

    /// <summary>What could not be read or done.</summary>
    public IReadOnlyList<SafeStoreException> Errors { get; init; } = [];

    /// <summary>The transaction that has removed it; null if it is still there.</summary>
    public Lsn? Removed { get; init; }
}
