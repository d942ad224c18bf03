using System;
using System.Collections.Generic;

namespace SafeStore.Operations;

/// <summary>What a restore does.</summary>
public sealed record RestoreOptions
{
    /// <summary>The ids of the sandboxes; null, the default, for all that the backup has.</summary>
    public IReadOnlyCollection<string>? Sandboxes { get; init; }

    /// <summary>
    /// Whether sandboxes that exist and differ become as the backup has them; copies of what is replaced or removed go to a quarantine
    /// before. The default is false: then none may differ.
    /// </summary>
    public bool Replace { get; init; }

    /// <summary>
    /// Whether sandboxes of which a document is damaged in the backup are left out, and told. The default is false: then nothing is
    /// restored if there is one.
    /// </summary>
    public bool SkipDamaged { get; init; }

    /// <summary>Whether it is only told what would be changed. The default is false.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>Told after each sandbox that is read and checked, and after each that is restored; null, the default, for none.</summary>
    public IProgress<BackupProgress>? Progress { get; init; }
}

/// <summary>What becomes of a sandbox or document.</summary>
public enum RestoredKind
{
    /// <summary>It is as the backup has it, byte for byte.</summary>
    Same,

    /// <summary>It does not exist, and is made.</summary>
    New,

    /// <summary>It differs, and becomes as the backup has it.</summary>
    Changed,

    /// <summary>The backup does not have it, and it is removed.</summary>
    Removed,

    /// <summary>The sandbox is not restored, since the backup's is damaged; see <see cref="RestoreOptions.SkipDamaged"/>.</summary>
    Damaged,
}

/// <summary>What a restore does, or would do, to a sandbox.</summary>
/// <param name="Sandbox">Its id.</param>
/// <param name="Kind">Whether it is new, changed, the same, or damaged in the backup.</param>
public sealed record RestoredSandbox(string Sandbox, RestoredKind Kind)
{
    /// <summary>The LSN of the transaction; null for a dry run, or if nothing was changed.</summary>
    public Lsn? Lsn { get; init; }

    /// <summary>What is wrong with the backup's; null if it is whole.</summary>
    public StoreProblem? Damage { get; init; }

    /// <summary>
    /// The directories with copies of what was replaced or removed, and a manifest: <c>quarantine/TIME</c> in the roots' metadata.
    /// </summary>
    public IReadOnlyList<string> Quarantines { get; init; } = [];

    /// <summary>The containers that are made or removed.</summary>
    public IReadOnlyDictionary<string, RestoredKind> Containers { get; init; } = new Dictionary<string, RestoredKind>();

    /// <summary>The documents that are not the same.</summary>
    public IReadOnlyDictionary<DocumentId, RestoredKind> Documents { get; init; } = new Dictionary<DocumentId, RestoredKind>();
}
