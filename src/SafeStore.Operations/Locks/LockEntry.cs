using System;
using System.Collections.Generic;

namespace SafeStore.Operations;

/// <summary>Which lock it is.</summary>
public enum LockKind
{
    /// <summary>Of the store: shared while it is open, exclusive for a recovery.</summary>
    Open,

    /// <summary>Of the store: for an append to the log.</summary>
    Log,

    /// <summary>Of the store: for a sync of the log.</summary>
    Sync,

    /// <summary>Of the store: for a checkpoint.</summary>
    Checkpoint,

    /// <summary>Of the store: one of the 64 for the creation and removal of sandboxes.</summary>
    Names,

    /// <summary>Of a sandbox.</summary>
    Sandbox,
}

/// <summary>A lock that is held or waited for.</summary>
/// <param name="Kind">Which lock it is.</param>
/// <param name="Sandbox">The sandbox; null for a lock of the store.</param>
/// <param name="Number">Which of the locks of names it is; null for another lock.</param>
/// <param name="Holders">The processes that hold it.</param>
/// <param name="Waiters">The processes that wait for it, as far as they can be seen.</param>
public sealed record LockEntry(
    LockKind Kind, string? Sandbox, int? Number, IReadOnlyList<LockProcess> Holders, IReadOnlyList<LockProcess> Waiters);

/// <summary>A process that holds a lock or waits for it.</summary>
/// <param name="ProcessId">Its id; null if this process may not know it (another user's, or another pid namespace).</param>
/// <param name="Command">Its program, and a path behind it, without other arguments; empty if it is not known.</param>
/// <param name="IsExclusive">Whether it excludes all others.</param>
public sealed record LockProcess(int? ProcessId, string Command, bool IsExclusive)
{
    /// <summary>
    /// When the process began; null if that is not known. The kernel does not tell since when a lock is held: it is not held for longer.
    /// </summary>
    public DateTimeOffset? Started { get; init; }
}
