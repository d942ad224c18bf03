using System.Collections.Generic;

namespace SafeStore.Operations;

/// <summary>A sandbox as it stands in the roots.</summary>
/// <param name="Sandbox">Its id.</param>
/// <param name="Version">The LSN of its last transaction by its lock word; null if that does not tell.</param>
/// <param name="Word">What its lock word says.</param>
public sealed record SandboxEntry(string Sandbox, Lsn? Version, LockWordCondition Word)
{
    /// <summary>The ids of its containers, sorted.</summary>
    public IReadOnlyList<string> Containers { get; init; } = [];

    /// <summary>Its documents and those of its containers, sorted.</summary>
    public IReadOnlyList<DocumentEntry> Documents { get; init; } = [];

    /// <summary>The size of all its documents.</summary>
    public long Bytes { get; init; }

    /// <summary>What of it could not be read.</summary>
    public IReadOnlyList<StoreProblem> Problems { get; init; } = [];
}

/// <summary>A document as it stands in its root.</summary>
/// <param name="Document">Which document.</param>
/// <param name="Bytes">Its size.</param>
public sealed record DocumentEntry(DocumentId Document, long Bytes);

/// <summary>What a sandbox's lock word says.</summary>
public enum LockWordCondition
{
    /// <summary>The sandbox has no lock file: another program made it, or a part of it is lost. The next lock makes one.</summary>
    Missing,

    /// <summary>The lock file may not be read.</summary>
    Unreadable,

    /// <summary>The lock file has no valid word: the next lock looks for the sandbox's last transaction.</summary>
    Unknown,

    /// <summary>No transaction is under way.</summary>
    Idle,

    /// <summary>A transaction is under way, or its process died, or it cannot be published and is parked.</summary>
    Committing,
}
