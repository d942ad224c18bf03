using System;
using System.Collections.Generic;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Roots;
using SafeStore.Threads;
using SafeStore.Vocabulary;

namespace SafeStore.Recovery;

/// <summary>
/// Brings a store to the state that its log tells, while no other process has it open (docs/commit-protocol.md, "Recover"). Idempotent:
/// until the watermark moves, a crash in any step leaves everything that the next try needs.
/// </summary>
internal sealed class StoreRecovery(IDurableFileSystem fs, RootSet roots, LogDirectory directory, Watermark watermark, StoreIdentity identity, EngineEvents events)
{
    private readonly Sweeper _sweeper = new(fs, roots);

    /// <param name="found">
    /// What open.lock said: "faulted" if the store's last users saw a sync fail, so that what the cache shows need not be on the disk; "recovering" if another recovery died.
    /// </param>
    /// <param name="before">What the store's last users told of themselves.</param>
    /// <returns>Whether nothing is left to sweep in any sandbox.</returns>
    public bool Run(StoreStatus found, Lives before)
    {
        bool wasFaulted = found == StoreStatus.Faulted;
        SyncNames();
        LogContents log = LogScanner.ReadChecked(directory, watermark, identity.Store, out Lsn? mark);
        bool isMade = mark is not null;
        bool rootWasLost = isMade && (log.Header!.ConfigRoot != identity.ConfigRoot || log.Header.RunRoot != identity.RunRoot);
        bool isSettled = isMade && !rootWasLost && !wasFaulted && watermark.IsSettledAt(log.End.Next.Previous);
        Dictionary<string, Redo> fates = Collect(log);

        // A record may stand in the cache only: its process died before its sync. Once a part of it is applied, it must not be lost any more.
        LogScanner.Harden(directory, log, rewrite: wasFaulted);

        SweepMetadata();

        // The sweep of the rest comes before the records too: a rename out of stage/ may have left both names after a power loss, and what is emptied there would be
        // a published directory; then the log, above the watermark, has everything that was in it.
        EmptyAside();
        if (!isSettled)
        {
            // Somebody may have died after he had removed something and before he had synced that: then the cache does not show what the disk may have.
            bool mayHaveDiedRemoving = isMade && (found is StoreStatus.Recovering or StoreStatus.Faulted || before is { Open: > 0, IsDisturbed: true });
            isSettled = new SandboxSweep(fs, roots, _sweeper, fates, mayHaveDiedRemoving, events).Run();
        }

        Apply(fates.Values);
        StartOver(log, isMade, rootWasLost, wasFaulted);
        EmptyAside();
        events.Recovered(log.Watermark, log.Header is null ? default : log.End.Next.Previous, log.Records.Count);
        return isSettled;
    }

    /// <summary>A dead process may have made a name and not synced it; whoever builds on the name must.</summary>
    private void SyncNames()
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            StorageException.ThrowIfFailed(fs.SyncDirectory(root.Directory), "sync the root", root.Directory.Path);
            StorageException.ThrowIfFailed(fs.SyncDirectory(root.Metadata), "sync the metadata directory", root.Metadata.Path);
        }

        directory.SyncNames();
    }

    private Dictionary<string, Redo> Collect(LogContents log)
    {
        var fates = new Dictionary<string, Redo>(StringComparer.Ordinal);
        var names = new NamePool();
        foreach ((SandboxPlan plan, CommitRecord record) in CommittedPlans.Of(log.Records, directory.Path, names: names))
        {
            if (!fates.TryGetValue(plan.Sandbox, out Redo? fate))
            {
                fates.Add(plan.Sandbox, fate = new Redo(plan.Sandbox));
            }

            fate.Add(plan, record);
        }

        return fates;
    }

    /// <summary>Removes the temp files of a watermark or an identity that was being written.</summary>
    private void SweepMetadata()
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            _ = _sweeper.SweepDirectory(root.Metadata, depth: 0, isDurable: false, always: false); // swept at each opening
        }
    }

    private void EmptyAside()
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            Empty(root.Stage);
            Empty(root.Trash);
        }
    }

    private void Apply(Dictionary<string, Redo>.ValueCollection fates)
    {
        if (fates.Count == 0)
        {
            return;
        }

        using var syncs = new SideBySide(fs.SyncsSideBySide);
        using var applier = new RedoApplier(fs, roots, identity, syncs, events);
        foreach (Redo fate in fates)
        {
            applier.Apply(fate);
        }

        applier.Complete();
    }

    private void Empty(DirectoryHandle parent)
    {
        foreach (DirectoryEntry entry in _sweeper.List(parent))
        {
            Errno errno = entry.Kind == FileKind.Directory ? RemovedTree.Remove(fs, parent, entry.Name) : fs.Unlink(parent, entry.Name);
            StorageException.ThrowIfFailed(errno, "empty", parent.Path, entry.Name);
        }

        StorageException.ThrowIfFailed(fs.SyncDirectory(parent), "sync the directory", parent.Path);
    }

    /// <summary>
    /// Everything is durable in the documents: the log starts over in a new segment, whose salt gives remnants of the old one no chance.
    /// </summary>
    private void StartOver(LogContents log, bool isMade, bool rootWasLost, bool wasFaulted)
    {
        directory.SweepPrepared();
        Lsn last = log.Header is null ? default : log.End.Next.Previous;
        if (rootWasLost)
        {
            // Transactions that touched only the lost root were never synced; their numbers must not come again. A segment holds
            // no more of them than this, and the one before it was synced.
            last = new Lsn(last.Value + (log.Header!.SegmentBytes / RecordFormat.HeaderBytes));
        }

        bool isUnused = log.Header is not null && log.End.Offset == SegmentHeader.Bytes && log.IsClean && !wasFaulted;
        if (!isUnused || rootWasLost || !isMade)
        {
            StartSegment(log, last);
        }

        watermark.Create(new AtomicFile(fs), last);
        List<Lsn> stale = directory.List().FindAll(first => first <= last);
        if (stale.Count > 0)
        {
            directory.Release(directory.Detach(stale));
        }

        if (!directory.HasSpare())
        {
            directory.PrepareSpare();
        }
    }

    private void StartSegment(LogContents log, Lsn last)
    {
        Span<byte> salt = stackalloc byte[8];
        fs.FillRandom(salt);
        Lsn previous = log.Header is null ? default : log.End.Next.Previous;
        var header = new SegmentHeader(
            BitConverter.ToUInt64(salt), last.Next, previous, log.End.Checksum, directory.SegmentBytes, identity.Store, identity.ConfigRoot, identity.RunRoot, Watermark: last);
        directory.Start(header).Dispose();
    }
}
