using System.Collections.Generic;

namespace SafeStore.Operations.Repair;

/// <summary>How a damaged document is mended. What was there goes to a quarantine first.</summary>
public enum DocumentRemedy
{
    /// <summary>It is removed.</summary>
    Quarantine,

    /// <summary>It gets the last value that the log still has.</summary>
    FromLog,

    /// <summary>It gets the value that a backup has.</summary>
    FromBackup,

    /// <summary>It gets the value of the document of the same name in the other root.</summary>
    FromOtherRoot,
}

/// <summary>A document that is damaged, or something else in a document's place.</summary>
/// <param name="Document">Which document.</param>
/// <param name="Code">The code that a verification gives (docs/verify.md).</param>
/// <param name="Message">What is wrong with it.</param>
public sealed record DamagedDocument(DocumentId Document, string Code, string Message)
{
    /// <summary>The transaction of the last value that the log has; null if it has none.</summary>
    public Lsn? InLog { get; init; }

    /// <summary>Whether the other root has a good document of the same name.</summary>
    public bool IsInOtherRoot { get; init; }
}

/// <summary>Which documents are mended, and how.</summary>
public sealed record DocumentRepairOptions
{
    /// <summary>The documents; null, the default, for all that are damaged: only with values from the log or a backup.</summary>
    public IReadOnlyCollection<DocumentId>? Documents { get; init; }

    /// <summary>The path of a single backup, for <see cref="DocumentRemedy.FromBackup"/>; null otherwise.</summary>
    public string? Backup { get; init; }

    /// <summary>Whether it is only told what would be done. The default is false.</summary>
    public bool IsDryRun { get; init; }
}

/// <summary>What becomes of a document.</summary>
public enum MendedKind
{
    /// <summary>It was left alone: nothing is wrong with it.</summary>
    Good,

    /// <summary>It is removed.</summary>
    Removed,

    /// <summary>It gets another value.</summary>
    Replaced,

    /// <summary>It was left alone: this cannot mend it.</summary>
    NotMended,
}

/// <summary>What was done to a document, or would be.</summary>
/// <param name="Document">Which document.</param>
/// <param name="Kind">What becomes of it.</param>
/// <param name="Message">Why, or where its value is from.</param>
public sealed record MendedDocument(DocumentId Document, MendedKind Kind, string Message)
{
    /// <summary>The transaction that has written the value that it gets; null if that is not known.</summary>
    public Lsn? Source { get; init; }

    /// <summary>The transaction that mended it; null for a dry run, or if it was left alone.</summary>
    public Lsn? Lsn { get; init; }

    /// <summary>Where what was there lies; null if nothing was there, or it was left alone.</summary>
    public string? Quarantine { get; init; }
}
