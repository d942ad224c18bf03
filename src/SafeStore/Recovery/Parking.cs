using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using SafeStore.Commit;
using SafeStore.Diagnostics;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Recovery;

/// <summary>
/// A recovery's part in parking: parked transactions come first, and what cannot be applied is parked, or stays in the log.
/// </summary>
internal sealed class Parking(RootSet roots, ParkedRecords parked, EngineEvents events)
{
    private readonly IDurableFileSystem _fs = roots.FileSystem;

    /// <summary>Parked transactions that are lost: their sandboxes can only be removed.</summary>
    private readonly Dictionary<string, ParkedEntry> _lost = new(StringComparer.Ordinal);

    /// <summary>What the log, and what is parked before it, has of each sandbox.</summary>
    /// <param name="log">The transactions in the log above its watermark.</param>
    /// <param name="entries">The watermark's entries.</param>
    public Dictionary<string, Redo> Collect(
        IEnumerable<(SandboxPlan Plan, CommitRecord Record)> log, ImmutableArray<ParkedEntry> entries)
    {
        var transactions = new Dictionary<string, List<(SandboxPlan Plan, CommitRecord Record)>>(StringComparer.Ordinal);
        foreach ((SandboxPlan plan, CommitRecord record) in log)
        {
            if (!transactions.TryGetValue(plan.Sandbox, out List<(SandboxPlan, CommitRecord)>? own))
            {
                transactions.Add(plan.Sandbox, own = []);
            }

            own.Add((plan, record));
        }

        foreach (ParkedEntry entry in entries)
        {
            transactions[entry.Sandbox] = Join(entry, transactions.GetValueOrDefault(entry.Sandbox) ?? []);
        }

        var redos = new Dictionary<string, Redo>(StringComparer.Ordinal);
        foreach ((string sandbox, List<(SandboxPlan Plan, CommitRecord Record)> own) in transactions)
        {
            if (own.Count > 0)
            {
                var redo = new Redo(sandbox);
                own.ForEach(transaction => redo.Add(transaction.Plan, transaction.Record));
                redos.Add(sandbox, redo);
            }
        }

        return redos;
    }

    /// <summary>Keeps what could not be applied where it outlives the log.</summary>
    /// <returns>False if that is not possible: then the log has to stay.</returns>
    public bool TryPark(Dictionary<string, Redo> redos, Dictionary<string, StorageException> failed, WatermarkState? found)
    {
        foreach ((string sandbox, ParkedEntry entry) in _lost)
        {
            MarkUnresolved(sandbox, entry.Last.Previous);
        }

        foreach (string sandbox in failed.Keys)
        {
            MarkUnresolved(sandbox, redos[sandbox].Before);
        }

        ImmutableArray<ParkedEntry>.Builder entries = ImmutableArray.CreateBuilder<ParkedEntry>();
        entries.AddRange(_lost.Values);
        foreach ((string sandbox, StorageException reason) in failed)
        {
            Redo redo = redos[sandbox];
            events.Parked(sandbox, redo.Last, reason);
            ParkedEntry? known = found?.Parked.FirstOrDefault(entry => entry.Sandbox == sandbox && entry.Last == redo.Last);
            if ((known ?? TryWrite(redo)) is not { } entry)
            {
                return false;
            }

            entries.Add(entry);
        }

        if (found is null || entries.SequenceEqual(found.Parked))
        {
            return true;
        }

        // Before the new segment, which says that the records before it are done with.
        WatermarkState state = found with { Parked = entries.ToImmutable() };
        if (state.Fits)
        {
            parked.Watermarks.Config.Restore(state, roots.Config.FilePermissions);
        }

        return state.Fits;
    }

    /// <summary>Removes the files of what has been applied.</summary>
    public void Trim() => parked.Trim(parked.Watermarks.Config.Read()!.Parked);

    private List<(SandboxPlan Plan, CommitRecord Record)> Join(
        ParkedEntry entry, List<(SandboxPlan Plan, CommitRecord Record)> logged)
    {
        try
        {
            return parked.Join(entry, logged);
        }
        catch (LogCorruptException damage)
        {
            bool isApplied = parked.TryReadWord(entry.Sandbox) is { State: not LockWordState.Unknown } word && word.Lsn >= entry.Last;
            if (!isApplied)
            {
                events.ParkedLost(entry.Sandbox, damage);
            }

            if (!isApplied && Array.Exists(
                roots.InOrderOfAppearance, root => _fs.Stat(root.Directory, entry.Sandbox, out _) != Errno.NotFound))
            {
                _lost.Add(entry.Sandbox, entry);
            }

            return logged.FindAll(transaction => transaction.Record.Lsn > entry.Last);
        }
    }

    private ParkedEntry? TryWrite(Redo redo)
    {
        try
        {
            return _lost.ContainsKey(redo.Sandbox) ? null : parked.Write(redo.Sandbox, redo.Transactions);
        }
        catch (StorageException failure) when (ParkedRecords.IsLasting(failure.Errno))
        {
            events.ParkedStaysInLog(redo.Sandbox, failure);
            return null;
        }
    }

    /// <summary>Lets a lock word lead to all that could not be applied.</summary>
    private void MarkUnresolved(string sandbox, Lsn before)
    {
        string path = SandboxHandles.LockPathOf(sandbox);
        Errno errno = _fs.OpenFile(roots.Run.Directory, path, FileUse.ReadWrite, out FileHandle? file);
        if (errno == Errno.NotFound || ParkedRecords.IsLasting(errno))
        {
            return; // the entry leads there
        }

        StorageException.ThrowIfFailed(errno, "open the lock file", roots.Run.Directory, path);
        using (file)
        {
            if (SandboxHandles.IsShared(roots, file!, out _))
            {
                return; // a copy's too: the entry leads there once the sandbox has a lock file of its own
            }

            LockWord found = LockWord.Read(_fs, file!);
            if (found.State != LockWordState.Committing || found.Lsn > before)
            {
                try
                {
                    new LockWord(LockWordState.Committing, before, found.OfSeveral).Write(_fs, file!);
                }
                catch (StorageException failure)
                    when (found.State == LockWordState.Unknown && ParkedRecords.IsLasting(failure.Errno))
                {
                    return; // an emptied lock file on a full disk: what is unknown leads to the log, and the entry to what is parked
                }
            }

            errno = _fs.SyncFile(file!);
            if (errno != Errno.None)
            {
                throw new SyncFailedException(file!.Path, errno);
            }
        }
    }
}
