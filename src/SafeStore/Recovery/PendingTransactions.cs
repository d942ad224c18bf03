using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Recovery;

/// <summary>
/// Counts the durable transactions that the documents do not show, for a reader, which cannot finish them: their process died before it
/// published them, or a power loss took back what it had published. The documents themselves tell, since after a power loss the lock words
/// say nothing.
/// </summary>
internal sealed class PendingTransactions(RootSet roots, StoreIdentity identity)
{
    private readonly IDurableFileSystem _fs = roots.FileSystem;

    /// <param name="log">The log.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <param name="parked">What is parked beside the log.</param>
    /// <exception cref="StorageException">A document cannot be looked at.</exception>
    /// <exception cref="LogCorruptException">What is parked of a sandbox is missing or damaged.</exception>
    public PendingCount Count(LogContents log, string path, ParkedRecords parked)
    {
        ILookup<string, (SandboxPlan Plan, CommitRecord Record)> logged =
            CommittedPlans.Of(log.Records, path).ToLookup(static transaction => transaction.Plan.Sandbox, StringComparer.Ordinal);
        Dictionary<string, ParkedEntry> entries =
            (parked.Watermarks.Config.Read()?.Parked ?? []).ToDictionary(static entry => entry.Sandbox, StringComparer.Ordinal);
        var pending = new HashSet<Lsn>();
        var ofParked = new HashSet<Lsn>();
        foreach (string sandbox in logged.Select(static transactions => transactions.Key).Union(entries.Keys, StringComparer.Ordinal))
        {
            var redo = new Redo(sandbox);
            foreach ((SandboxPlan plan, CommitRecord record) in entries.TryGetValue(sandbox, out ParkedEntry? entry)
                ? parked.Join(entry, logged[sandbox]) : logged[sandbox])
            {
                redo.Add(plan, record);
            }

            if (!IsShown(redo) && PublishedOf(redo) is { } published)
            {
                IEnumerable<Lsn> all = redo.Transactions.Select(static transaction => transaction.Record.Lsn);
                (entries.ContainsKey(sandbox) ? ofParked : pending).UnionWith(all.Where(lsn => lsn > published).DefaultIfEmpty(redo.Last));
            }
        }

        return new PendingCount(pending.Union(ofParked).Count(), pending.Count);
    }

    /// <summary>
    /// The last transaction that a sandbox's lock word calls published; null if nothing is pending after all: a living process holds the
    /// lock, and is about to publish, or there are later transactions than those that were read.
    /// </summary>
    private Lsn? PublishedOf(Redo redo)
    {
        Errno errno = _fs.OpenFile(
            roots.Run.Directory, SandboxHandles.LockPathOf(redo.Sandbox), FileUse.Read, out FileHandle? file);
        if (errno is Errno.NotFound or Errno.NotDirectory or Errno.SymbolicLink)
        {
            return default(Lsn);
        }

        StorageException.ThrowIfFailed(errno, "open the lock file", roots.Run.Directory, SandboxHandles.LockPathOf(redo.Sandbox));
        using (file)
        {
            if (_fs.TryLock(file!, LockRange.Whole, LockMode.Shared) == Errno.WouldBlock)
            {
                return null;
            }

            LockWord word = LockWord.Read(_fs, file!);
            return word.Lsn > redo.Last || (!redo.Exists && RedoApplier.IsOfLaterSandbox(word, redo)) || IsShown(redo) ? null : word.Lsn;
        }
    }

    /// <summary>Whether the roots show what a sandbox's transactions have left of it.</summary>
    private bool IsShown(Redo redo)
    {
        bool isThere = roots.InOrderOfAppearance.Any(root => KindOf(root, redo.Sandbox) == FileKind.Directory);
        if (!redo.Exists)
        {
            return !isThere;
        }

        if (!isThere)
        {
            return !redo.IsCreated; // another program has removed it: it is left so
        }

        return redo.Containers.All(container => IsShown(redo, container.Key, container.Value))
            && redo.Documents.All(document => IsShown(redo, document.Key, document.Value));
    }

    private bool IsShown(Redo redo, string name, RedoContainer container) =>
        roots.InOrderOfAppearance.All(root => container.Segment.IdentityOf(root.Root) != identity.IdentityOf(root.Root)
            || container.Exists == (KindOf(root, $"{redo.Sandbox}/{name}") == FileKind.Directory));

    private bool IsShown(Redo redo, DocumentKey key, RedoDocument document)
    {
        if (document.Root != identity.IdentityOf(key.Root))
        {
            return true; // it was meant for a root that was lost
        }

        string path = key.Container is null ? $"{redo.Sandbox}/{key.File}" : $"{redo.Sandbox}/{key.Container}/{key.File}";
        if (document.Content is not { } content)
        {
            return KindOf(roots[key.Root], path) is null or FileKind.Directory;
        }

        byte[] found = new byte[content.Length + 1];
        Errno errno = _fs.ReadWhole(roots[key.Root].Directory, path, found, out int count);
        if (errno is not (Errno.NotFound or Errno.NotDirectory or Errno.IsDirectory or Errno.SymbolicLink))
        {
            StorageException.ThrowIfFailed(errno, "read the document", roots[key.Root].Directory, path);
        }

        return errno == Errno.None && found.AsSpan(0, count).SequenceEqual(content.Span);
    }

    /// <summary>What is there; null if nothing is.</summary>
    private FileKind? KindOf(RootDirectory root, string path)
    {
        Errno errno = _fs.Stat(root.Directory, path, out FileStatus status);
        if (errno is Errno.NotFound or Errno.NotDirectory or Errno.SymbolicLink) // a link, below which nothing is looked at
        {
            return null;
        }

        StorageException.ThrowIfFailed(errno, "look at", root.Directory, path);
        return status.Kind;
    }
}

/// <summary>How many durable transactions cannot be seen.</summary>
/// <param name="All">All of them.</param>
/// <param name="ToPublish">Those that the next opening publishes: all but those of parked sandboxes alone.</param>
internal readonly record struct PendingCount(long All, long ToPublish);
