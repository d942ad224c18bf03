using System;
using System.Collections.Generic;

namespace SafeStore.Operations;

/// <summary>A transaction in the log.</summary>
/// <param name="Lsn">Its LSN.</param>
/// <param name="Segment">The name of the segment in which its record lies.</param>
/// <param name="Bytes">The size of its record.</param>
/// <param name="Sandboxes">What it does, sandbox by sandbox.</param>
public sealed record LoggedTransaction(Lsn Lsn, string Segment, long Bytes, IReadOnlyList<LoggedSandbox> Sandboxes)
{
    /// <summary>
    /// When the segment was last written, by the clock of the filesystem: the transaction is no younger. A record has no time of its own.
    /// Null if it cannot be told.
    /// </summary>
    public DateTimeOffset? SegmentWritten { get; init; }
}

/// <summary>What a transaction does to a sandbox as a whole.</summary>
public enum LoggedKind
{
    /// <summary>The sandbox exists and goes on existing.</summary>
    Update,

    /// <summary>The sandbox is created.</summary>
    Create,

    /// <summary>The sandbox is removed with all that is in it.</summary>
    Remove,
}

/// <summary>What a transaction does to one sandbox.</summary>
/// <param name="Sandbox">The sandbox's id.</param>
/// <param name="Kind">What it does to the sandbox as a whole.</param>
public sealed record LoggedSandbox(string Sandbox, LoggedKind Kind)
{
    /// <summary>The containers that it creates.</summary>
    public IReadOnlyList<string> CreatedContainers { get; init; } = [];

    /// <summary>The containers that it removes.</summary>
    public IReadOnlyList<string> RemovedContainers { get; init; } = [];

    /// <summary>The documents that it writes, with their sizes.</summary>
    public IReadOnlyList<DocumentEntry> Puts { get; init; } = [];

    /// <summary>The documents that it deletes.</summary>
    public IReadOnlyList<DocumentId> Deletes { get; init; } = [];
}
