using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Commit;
using SafeStore.Diagnostics;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Roots;
using SafeStore.Threads;
using SafeStore.Vocabulary;

namespace SafeStore.Recovery;

/// <summary>
/// Brings a store to the state that its log tells, while no other process has it open (docs/commit-protocol.md, "Recover"). Idempotent:
/// until the watermark moves, a crash in any step leaves everything that the next try needs.
/// </summary>
internal sealed class StoreRecovery(
    RootSet roots, LogDirectory directory, StoreMetadata metadata, ParkedRecords parked, EngineEvents events)
{
    private const int WordsPerBatch = 64;

    private readonly IDurableFileSystem _fs = roots.FileSystem;
    private readonly Watermarks _watermarks = parked.Watermarks;

    /// <summary>Sandboxes whose creation has not appeared yet, or is parked.</summary>
    private readonly HashSet<string> _begun = new(StringComparer.Ordinal);

    /// <param name="shared">The words that they have left.</param>
    /// <param name="found">
    /// What they said: if that is "faulted", the store's last users saw a sync fail, and what the cache shows need not be on the disk.
    /// </param>
    /// <returns>The life that has begun.</returns>
    public LifeId Run(SharedState shared, StoreStatus found)
    {
        bool wasFaulted = found == StoreStatus.Faulted;
        SyncNames(); // R1
        WatermarkState? config = _watermarks.Config.Read();
        LogContents log = LogReader.ReadChecked(directory, config?.Lsn, metadata.StoreId()); // R2
        bool isMade = config is not null;
        StoreIdentity identity =
            metadata.Establish(isMade, log.Header?.Identity is { } newest ? (newest.ConfigRoot, newest.RunRoot) : null);
        bool rootWasLost = isMade && log.Header!.Identity != identity;
        var parking = new Parking(roots, parked, events);
        Dictionary<string, Redo> redos = parking.Collect(CommittedPlans.Of(log.Records, directory.Path), config?.Parked ?? []);
        _begun.UnionWith((config?.Parked ?? []).Select(static entry => entry.Sandbox));
        if (config is not null)
        {
            var check = new CopyCheck(roots, parked, directory.Path, log);
            WatermarkState? run = _watermarks.Run.Read();
            if (run is not null || log.Header!.Identity.RunRoot == identity.RunRoot) // else it is new, in the place of one that was lost
            {
                check.CheckWatermarks(config, run);
            }

            check.CheckWords(redos.Values, run is null ? default : shared.FindSynced(run.Life));
        }

        // R3. A record may stand in the cache only: its process died before its sync. Once a part of it is applied, it must not be lost any
        // more.
        LogReader.Harden(directory, log, rewrite: wasFaulted);
        EmptyAside(); // R4
        using var syncs = new ParallelCalls(_fs.SyncsSideBySide);
        Dictionary<string, StorageException> failed = Apply(redos.Values, identity, syncs); // R5
        WriteWords(redos.Values, failed, syncs); // R6
        Lsn mark = parking.TryPark(redos, failed, config) ? EndOf(log) : log.Watermark; // R7
        LifeId life = StartOver(log, identity, new FoundLog(isMade, rootWasLost, wasFaulted), mark); // R8
        parking.Trim();
        events.Recovered(log.Watermark, EndOf(log), log.Records.Count);
        return life;
    }

    /// <summary>A dead process may have made a name and not synced it; what builds on the name must.</summary>
    private void SyncNames()
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            StorageException.ThrowIfFailed(_fs.SyncDirectory(root.Directory), "sync the root", root.Directory);
            StorageException.ThrowIfFailed(_fs.SyncDirectory(root.Metadata), "sync the metadata directory", root.Metadata);
        }

        directory.SyncNames();
    }

    /// <summary>
    /// Empties scratch/ and new/, before records are applied: a rename out of them may have left both names after a power loss, and what is
    /// emptied here would be a published directory; the log, above the watermark, has everything that was in it.
    /// </summary>
    private void EmptyAside()
    {
        roots.TakeScratch(events);
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            foreach (DirectoryEntry entry in EntriesOf(root.New))
            {
                _ = _begun.Add(entry.Name);
                string name = root.Scratch.NewName();
                Errno errno = _fs.Rename(root.New, entry.Name, root.Scratch.Directory, name, RenameKind.NoReplace);
                if (errno != Errno.None || !RemovedTree.TryRemove(_fs, root.Scratch, name))
                {
                    events.NotEmptied(errno == Errno.None ? root.Scratch.Directory.Path : root.New.Path); // in the way of that sandbox only
                }
            }

            // The temp files of a watermark or an identity that was being written.
            foreach (DirectoryEntry entry in EntriesOf(root.Metadata)
                .FindAll(static entry => entry.Kind == FileKind.Regular && TempName.IsFile(entry.Name)))
            {
                Errno errno = _fs.Unlink(root.Metadata, entry.Name);
                StorageException.ThrowIfFailed(
                    errno == Errno.NotFound ? Errno.None : errno, "remove a temp file", root.Metadata, entry.Name);
            }
        }

        SyncScratch();
    }

    /// <summary>
    /// Lets the lock word of each sandbox in the records say "idle", durably: the log, which knows the versions too, is about to be
    /// dropped. Also a word that is right already, or damaged: it may stand in the cache only, above an older one on the disk. (The word of
    /// a removed sandbox is left: it tells whether another program has made the sandbox again.)
    /// </summary>
    private void WriteWords(
        Dictionary<string, Redo>.ValueCollection redos, Dictionary<string, StorageException> failed, ParallelCalls syncs)
    {
        using var words = new SyncBatch<string>(_fs, syncs, WordsPerBatch);
        foreach (Redo redo in redos)
        {
            try
            {
                if (redo.Exists && !failed.ContainsKey(redo.Sandbox))
                {
                    WriteWord(redo, words);
                }
            }
            catch (StorageException failure) when (ParkedRecords.IsLasting(failure.Errno))
            {
                failed.Add(redo.Sandbox, failure);
            }

            if (words.IsFull)
            {
                Sync(words);
            }
        }

        Sync(words);
    }

    private void WriteWord(Redo redo, SyncBatch<string> words)
    {
        string path = SandboxHandles.LockPathOf(redo.Sandbox);
        Errno errno = _fs.OpenFile(roots.Run.Directory, path, FileUse.ReadWrite, out FileHandle? file);
        if (errno is Errno.NotFound)
        {
            return;
        }

        StorageException.ThrowIfFailed(errno, "open the lock file", roots.Run.Directory, path);
        using var owned = new OwnedParts();
        owned.Add(file!);
        if (SandboxHandles.IsShared(roots, file!, out _))
        {
            return; // nothing is written into it, and the sandbox cannot be locked, until it has a lock file of its own
        }

        LockWord found = LockWord.Read(_fs, file!);
        Tell(redo.Sandbox, found, redo.Last);
        new LockWord(LockWordState.Idle, Lsn.Max(found.Lsn, redo.Last), Lsn.Max(found.OfSeveral, redo.OfSeveral)).Write(_fs, file!);
        if (!roots.Run.IsVolatile)
        {
            owned.Disown();
            words.Add(file!, file!.Path);
        }
    }

    private void Tell(string sandbox, LockWord found, Lsn last)
    {
        if (found.State == LockWordState.Committing && last > found.Lsn)
        {
            events.RolledForward(sandbox, last);
        }
        else if (found.State == LockWordState.Committing)
        {
            events.RolledBack(sandbox);
        }
    }

    /// <exception cref="SyncFailedException">
    /// One of many sandboxes' words may not be durable: not the matter of the one that filled the batch.
    /// </exception>
    private static void Sync(SyncBatch<string> words)
    {
        foreach ((string path, Errno errno) in words.Sync())
        {
            throw new SyncFailedException(path, errno);
        }
    }

    /// <returns>The sandboxes that could not be applied, nor alone when all else was.</returns>
    private Dictionary<string, StorageException> Apply(
        Dictionary<string, Redo>.ValueCollection redos, StoreIdentity identity, ParallelCalls syncs)
    {
        if (redos.Count == 0)
        {
            return [];
        }

        TellOfGoneOnes(redos);
        var failed = new Dictionary<string, StorageException>(StringComparer.Ordinal);
        IReadOnlyDictionary<string, StorageException> together = ApplyTogether([.. redos], identity, syncs);
        if (together.Values.Any(static failure => failure.Errno is Errno.NoSpace or Errno.QuotaExceeded))
        {
            directory.GiveUpSpares();
        }

        foreach (string first in together.Keys)
        {
            foreach ((string sandbox, StorageException failure) in
                ApplyTogether([.. redos.Where(redo => redo.Sandbox == first)], identity, syncs))
            {
                failed.Add(sandbox, failure);
            }
        }

        SyncScratch(); // what was renamed out of it must not be found there by the next recovery
        return failed;
    }

    private IReadOnlyDictionary<string, StorageException> ApplyTogether(List<Redo> redos, StoreIdentity identity, ParallelCalls syncs)
    {
        using var applier = new RedoApplier(roots, identity, syncs, events);
        redos.ForEach(applier.Apply);
        applier.Complete();
        return applier.Failed;
    }

    /// <summary>
    /// A creation that was not published has left its directory in new/. One that was, and is gone, was removed by another program, or lost
    /// with the power: it is built again, and told of.
    /// </summary>
    private void TellOfGoneOnes(IEnumerable<Redo> redos)
    {
        foreach (Redo redo in redos.Where(redo => redo.IsCreated && !_begun.Contains(redo.Sandbox)))
        {
            if (Array.TrueForAll(
                roots.InOrderOfAppearance, root => _fs.Stat(root.Directory, redo.Sandbox, out _) == Errno.NotFound))
            {
                events.SandboxBuiltAgain(redo.Sandbox);
            }
        }
    }

    private void SyncScratch()
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            StorageException.ThrowIfFailed(root.SyncScratch(out DirectoryHandle failed), "sync the directory", failed);
        }
    }

    /// <summary>
    /// Everything is durable in the documents: the log starts over in a new segment, whose salt gives remnants of the old one no chance.
    /// </summary>
    /// <param name="log">The log as it was found.</param>
    /// <param name="identity">The store's.</param>
    /// <param name="found">How it was found.</param>
    /// <param name="mark">Up to where the log is done with: its end, unless something of it can neither be applied nor parked.</param>
    private LifeId StartOver(LogContents log, StoreIdentity identity, FoundLog found, Lsn mark)
    {
        directory.SweepPrepared();
        Lsn end = EndOf(log);
        LifeId life = _watermarks.Announce(mark);

        // Transactions that touched only a lost root were never synced; their numbers must not come again. A segment holds no more of them
        // than this, and the one before it was synced.
        Lsn last = found.RootWasLost ? new Lsn(end.Value + (log.Header!.SegmentBytes / RecordFormat.HeaderBytes)) : end;
        bool isDone = mark == end;
        bool isOwn = log.Header is not { } newest || directory.IsOwn(newest.FirstLsn);
        bool isUnused = log.Header is not null && log.End.Offset == SegmentHeader.Bytes && log.IsClean && !found.WasFaulted;
        if ((!isUnused && isDone) || !isOwn || found.RootWasLost || !found.IsMade)
        {
            TryStartSegment(log, identity, (last, isDone ? last : mark), found);
        }

        _watermarks.Begin(life, isDone ? last : mark);
        List<Lsn> segments = isDone ? directory.List() : [];
        List<Lsn> stale = segments.FindAll(first => first <= last && first != segments[^1]); // without space, the newest goes on
        if (stale.Count > 0)
        {
            directory.Release(directory.Detach(stale));
        }

        PrepareSpare();

        return life;
    }

    private static Lsn EndOf(LogContents log) => log.Header is null ? default : log.End.Next.Previous;

    /// <summary>Without space the store opens all the same: a spare saves time only.</summary>
    private void PrepareSpare()
    {
        try
        {
            if (!directory.HasSpare())
            {
                directory.PrepareSpare();
            }
        }
        catch (StorageException failure) when (failure.Errno is Errno.NoSpace or Errno.QuotaExceeded)
        {
            events.BackgroundFailed("prepare a log segment", failure);
        }
    }

    /// <summary>
    /// Without space the log goes on in the segment that it has, as it does beside living processes: a record is linked to the one before
    /// it, so that nothing behind the end comes to life.
    /// </summary>
    private void TryStartSegment(LogContents log, StoreIdentity identity, (Lsn Last, Lsn Mark) lsns, FoundLog found)
    {
        try
        {
            StartSegment(log, identity, lsns.Last, lsns.Mark);
        }
        catch (StorageException failure) when (failure.Errno is Errno.NoSpace or Errno.QuotaExceeded
            && found is { IsMade: true, RootWasLost: false, WasFaulted: false }
            && log.Header is { } newest && directory.IsOwn(newest.FirstLsn))
        {
            events.BackgroundFailed("start a log segment", failure);
        }
    }

    private void StartSegment(LogContents log, StoreIdentity identity, Lsn last, Lsn mark)
    {
        Span<byte> salt = stackalloc byte[8];
        _fs.FillRandom(salt);
        Lsn previous = log.Header is null ? default : log.End.Next.Previous;
        var header = new SegmentHeader(
            BitConverter.ToUInt64(salt), last.Next, previous, log.End.Checksum, directory.SegmentBytes, identity,
            Watermark: mark);
        directory.Start(header).Dispose();
    }

    private List<DirectoryEntry> EntriesOf(DirectoryHandle parent)
    {
        var entries = new List<DirectoryEntry>();
        StorageException.ThrowIfFailed(_fs.List(parent, entries), "list the directory", parent);
        return entries;
    }

    /// <summary>How a log was found.</summary>
    /// <param name="IsMade">The store was made to its end.</param>
    /// <param name="RootWasLost">A volatile root was lost since.</param>
    /// <param name="WasFaulted">Its last users saw a sync fail.</param>
    private readonly record struct FoundLog(bool IsMade, bool RootWasLost, bool WasFaulted);
}
