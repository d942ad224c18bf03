using System;
using System.Collections.Generic;

namespace SafeStore.Operations;

/// <summary>All that can be told of a store without opening it.</summary>
/// <param name="Condition">Its state, and what is wrong.</param>
/// <param name="Roots">Its roots: the config root, then the run root.</param>
/// <param name="Log">Its log; null if that cannot be read.</param>
public sealed record StoreReport(StoreCondition Condition, IReadOnlyList<RootReport> Roots, LogSummary? Log)
{
    /// <summary>How many sandboxes there are.</summary>
    public int Sandboxes { get; init; }

    /// <summary>How many containers there are.</summary>
    public int Containers { get; init; }

    /// <summary>How many documents there are.</summary>
    public int Documents { get; init; }

    /// <summary>The size of all documents.</summary>
    public long Bytes { get; init; }

    /// <summary>What recovery has kept of what other programs had written.</summary>
    public IReadOnlyList<OverruledFile> Overruled { get; init; } = [];

    /// <summary>What dead processes have left in scratch directories; the next opening that may write removes it.</summary>
    public ScratchLeft Scratch { get; init; } = new(0, 0);

    /// <summary>The processes that have the store open.</summary>
    public IReadOnlyList<LockProcess> Processes { get; init; } = [];

    /// <summary>What is wrong, with what could not be read for this report.</summary>
    public IReadOnlyList<StoreProblem> Problems { get; init; } = [];
}

/// <summary>A root and where it lies.</summary>
/// <param name="Root">Which of the two.</param>
/// <param name="Path">Its directory.</param>
/// <param name="Metadata">The directory of its metadata.</param>
public sealed record RootReport(StoreRoot Root, string Path, string Metadata)
{
    /// <summary>Its id; null if that cannot be read.</summary>
    public Guid? Id { get; init; }

    /// <summary>The filesystem on which it lies; null if the root cannot be opened.</summary>
    public FilesystemReport? Filesystem { get; init; }
}

/// <summary>The filesystem of a root.</summary>
/// <param name="Kind">Its kind, "ext4" for instance.</param>
/// <param name="IsJournaled">Whether its structure survives a power loss.</param>
/// <param name="IsVolatile">Whether its content does not outlive the machine's power.</param>
public sealed record FilesystemReport(string Kind, bool IsJournaled, bool IsVolatile)
{
    /// <summary>Where it is mounted; null if the kernel does not tell.</summary>
    public string? Mount { get; init; }

    /// <summary>The device, or what stands for it; null if the kernel does not tell.</summary>
    public string? Source { get; init; }

    /// <summary>The mount's options; null if the kernel does not tell.</summary>
    public string? Options { get; init; }
}

/// <summary>The log at a glance.</summary>
/// <param name="Path">Its directory.</param>
/// <param name="Segments">How many segments it has.</param>
/// <param name="Bytes">Their size.</param>
public sealed record LogSummary(string Path, int Segments, long Bytes)
{
    /// <summary>How many bytes of spare segments lie ready.</summary>
    public long SpareBytes { get; init; }

    /// <summary>The last LSN of its unbroken chain; null if there is none.</summary>
    public Lsn? LastLsn { get; init; }

    /// <summary>
    /// The sandboxes whose transactions are durable and not published: their records stay in the log until they are. A sandbox that is
    /// being committed to is here for a moment.
    /// </summary>
    public IReadOnlyList<LogHolder> HeldUpBy { get; init; } = [];
}

/// <summary>A sandbox that keeps the log from being shortened.</summary>
/// <param name="Sandbox">Its id.</param>
/// <param name="Lsn">The first of its transactions in the log that is not published.</param>
/// <param name="Holders">The processes that hold its lock; none if its process died.</param>
public sealed record LogHolder(string Sandbox, Lsn Lsn, IReadOnlyList<LockProcess> Holders);

/// <summary>What another program wrote between a crash and a recovery, kept by the latter.</summary>
/// <param name="Root">The root that it was in.</param>
/// <param name="Sandbox">The sandbox's id.</param>
/// <param name="Path">Where it lies now.</param>
public sealed record OverruledFile(StoreRoot Root, string Sandbox, string Path);

/// <summary>What is left in scratch directories that no process uses.</summary>
/// <param name="Files">How many files.</param>
/// <param name="Bytes">Their size.</param>
public sealed record ScratchLeft(int Files, long Bytes);
