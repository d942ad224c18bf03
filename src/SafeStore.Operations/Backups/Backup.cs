using System;
using System.Collections.Generic;

namespace SafeStore.Operations;

/// <summary>A finished backup: a directory with the documents as plain files and a manifest.</summary>
/// <param name="Name">Its name in the directory of backups.</param>
/// <param name="Path">Its absolute path.</param>
public sealed record Backup(string Name, string Path)
{
    /// <summary>The id of the store that it is of.</summary>
    public Guid Store { get; init; }

    /// <summary>It holds all transactions up to this LSN, and of none after it anything.</summary>
    public Lsn Cut { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>Whether it is of all sandboxes of the store.</summary>
    public bool IsWhole { get; init; }

    /// <summary>How many sandboxes it has.</summary>
    public int Sandboxes { get; init; }

    /// <summary>How many documents it has.</summary>
    public int Documents { get; init; }

    /// <summary>The size of all documents.</summary>
    public long Bytes { get; init; }
}

/// <summary>How far a backup, its verification or a restore has come. Each step of the work counts from the start.</summary>
/// <param name="Sandboxes">How many sandboxes are done.</param>
/// <param name="All">How many there are to do.</param>
public sealed record BackupProgress(int Sandboxes, int All);

/// <summary>How a backup is made.</summary>
public sealed record BackupOptions
{
    /// <summary>The ids of the sandboxes; null, the default, for all.</summary>
    public IReadOnlyCollection<string>? Sandboxes { get; init; }

    /// <summary>
    /// How many backups of all sandboxes of this store are kept, 1 or more: the oldest are removed once the new one is durable. Null, the
    /// default, for all. Backups of some sandboxes, and of other stores, are never counted nor removed. If the new one has a damaged
    /// document, none is removed: an older one may have it whole.
    /// </summary>
    public int? Keep { get; init; }

    /// <summary>Whether every sandbox is read, also one that has still the version of the backup before. The default is false.</summary>
    public bool IsFull { get; init; }

    /// <summary>
    /// How long to wait for the shared lock of a sandbox, zero for a single try. Then it is read without: no transaction suffers from that,
    /// but what another program writes to several documents under the lock may be there in part. The default is 1 s.
    /// </summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Told after each sandbox, by one thread at a time; null, the default, for none.</summary>
    public IProgress<BackupProgress>? Progress { get; init; }
}

/// <summary>What has come of the making of a backup.</summary>
/// <param name="Backup">The backup.</param>
/// <param name="Problems">What was found that is no document, or is parked; none if all is well.</param>
public sealed record BackupResult(Backup Backup, IReadOnlyList<StoreProblem> Problems)
{
    /// <summary>How many of its sandboxes were taken from the backup before.</summary>
    public int Reused { get; init; }

    /// <summary>The backups that were removed, since no more than <see cref="BackupOptions.Keep"/> are kept.</summary>
    public IReadOnlyList<string> Removed { get; init; } = [];
}

/// <summary>What is found where a backup lies.</summary>
/// <param name="Name">Its name in the directory of backups.</param>
/// <param name="Path">Its absolute path.</param>
/// <param name="Backup">What it is; null if its manifest cannot be read.</param>
/// <param name="Problems">What is wrong with it; none if all is well.</param>
public sealed record BackupReport(string Name, string Path, Backup? Backup, IReadOnlyList<StoreProblem> Problems);
