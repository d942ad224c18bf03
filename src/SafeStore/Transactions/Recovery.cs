using System;
using System.Collections.Generic;
using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;

namespace SafeStore.Transactions;

/// <summary>
/// Brings a store to the state that its log tells, while no other process has it open (docs/commit-protocol.md, "Recover"). Idempotent:
/// until the watermark moves, a crash in any step leaves everything that the next try needs.
/// </summary>
internal sealed class Recovery(IDurableFileSystem fs, RootSet roots, LogDirectory directory, Watermark watermark, StoreIdentity identity, EngineEvents events)
{
    private readonly Sweeper _sweeper = new(fs, roots);

    /// <param name="wasFaulted">The store's last users saw a sync fail: what the cache shows need not be on the disk.</param>
    public void Run(bool wasFaulted)
    {
        SyncNames();
        LogContents log = LogScanner.ReadChecked(directory, watermark, identity.Store, out Lsn? mark);
        bool isMade = mark is not null;
        Dictionary<string, SandboxFate> fates = Collect(log);

        // A record may stand in the cache only: its process died before its sync. Once a part of it is applied, it must not be lost any more.
        LogScanner.Harden(directory, log, rewrite: wasFaulted);

        SweepMetadata();

        // The sweep of the rest comes before the records too: a rename out of stage/ may have left both names after a power loss, and what is emptied there would be
        // a published directory; then the log, above the watermark, has everything that was in it.
        EmptyAside();
        SweepSandboxes(fates);
        Apply(fates.Values);
        StartOver(log, isMade, wasFaulted);
        EmptyAside();
        events.Recovered(log.Watermark, log.Header is null ? default : log.End.Next.Previous, log.Records.Count);
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

    private Dictionary<string, SandboxFate> Collect(LogContents log)
    {
        var fates = new Dictionary<string, SandboxFate>(StringComparer.Ordinal);
        foreach (CommitRecord record in log.Records)
        {
            foreach (SandboxPlan plan in Resolver.PlansOf(record, directory.Path))
            {
                if (!fates.TryGetValue(plan.Sandbox, out SandboxFate? fate))
                {
                    fates.Add(plan.Sandbox, fate = new SandboxFate(plan.Sandbox));
                }

                fate.Add(plan, record);
            }
        }

        return fates;
    }

    /// <summary>Removes the temp files of a watermark or an identity that was being written.</summary>
    private void SweepMetadata()
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            _sweeper.SweepDirectory(root.Metadata, depth: 0);
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

    /// <summary>Removes temp files, and lets every lock word say "idle": of several sandboxes at a time, which have nothing in common.</summary>
    private void SweepSandboxes(Dictionary<string, SandboxFate> fates)
    {
        using var words = new SyncBatch<string>(fs, FileRewriter.FilesPerBatch);
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            List<DirectoryEntry> sandboxes = _sweeper.List(root.Directory);
            sandboxes.RemoveAll(static entry => entry.Kind != FileKind.Directory || !Identifier.IsValid(entry.Name));
            SideBySide.ForEach(fs.CallsSideBySide, sandboxes.Count, number => SweepUnlessOdd(root, sandboxes[number].Name, fates, words));
        }

        Sync(words);
    }

    private void SweepUnlessOdd(RootDirectory root, string sandbox, Dictionary<string, SandboxFate> fates, SyncBatch<string> words)
    {
        SandboxFate? fate = fates.GetValueOrDefault(sandbox);
        try
        {
            SweepSandbox(root, sandbox, fate, words);
        }
        catch (StorageException failure) when (fate is null && failure.Errno is not Errno.InputOutput)
        {
            // A link, or a directory of another owner, where none should be: one odd sandbox does not keep the others closed. It
            // is refused when it is locked or read.
            events.SandboxSkipped(sandbox, failure);
        }
    }

    private void SweepSandbox(RootDirectory root, string sandbox, SandboxFate? fate, SyncBatch<string> words)
    {
        StorageException.ThrowIfFailed(fs.OpenDirectory(root.Directory, sandbox, out DirectoryHandle? directory), "open the directory", root.Directory.Path, sandbox);
        using (directory)
        {
            List<DirectoryEntry> entries = _sweeper.SweepDirectory(directory!, depth: 1);
            if (root.Root == StoreRoot.Run
                && fate is not { Exists: false } // whose word tells whether it is still the removed one
                && entries.Exists(static entry => entry.Name == Identifier.LockFile)) // or it gets one when it is locked
            {
                Settle(sandbox, directory!, fate?.Last, root.IsVolatile, words);
            }
        }
    }

    private void Apply(IEnumerable<SandboxFate> fates)
    {
        using var applier = new FateApplier(fs, roots, identity, events);
        foreach (SandboxFate fate in fates)
        {
            applier.Apply(fate);
        }

        applier.Complete();
    }

    private void Empty(DirectoryHandle parent)
    {
        foreach (DirectoryEntry entry in _sweeper.List(parent))
        {
            Errno errno = entry.Kind == FileKind.Directory ? Emptying.Remove(fs, parent, entry.Name) : fs.Unlink(parent, entry.Name);
            StorageException.ThrowIfFailed(errno, "empty", parent.Path, entry.Name);
        }

        StorageException.ThrowIfFailed(fs.SyncDirectory(parent), "sync the directory", parent.Path);
    }

    private void Settle(string id, DirectoryHandle sandbox, Lsn? last, bool isVolatile, SyncBatch<string> words)
    {
        LockWord word = LockWord.Read(fs, sandbox, Identifier.LockFile);
        Lsn settled = Lsn.Max(word.Lsn, last ?? default);
        if (word.State == LockWordState.Committing && settled > word.Lsn)
        {
            events.RolledForward(id, settled);
        }
        else if (word.State == LockWordState.Committing)
        {
            events.RolledBack(id);
        }

        if (word.State != LockWordState.Committing && last is null)
        {
            return;
        }

        StorageException.ThrowIfFailed(fs.OpenFile(sandbox, Identifier.LockFile, FileUse.ReadWrite, out FileHandle? file), "open the lock file", sandbox, Identifier.LockFile);
        using var owned = new OwnedParts();
        owned.Add(file!);

        // Also a word that is right already, or damaged: it may stand in the cache only, above an older one on the disk.
        new LockWord(LockWordState.Idle, settled).Write(fs, file!);
        if (last is null || isVolatile)
        {
            return;
        }

        // The log, which still knows the version, is dropped soon; a power loss may then bring back an older word.
        owned.Disown();
        lock (words)
        {
            words.Add(file!, file!.Path);
            if (words.IsFull)
            {
                Sync(words);
            }
        }
    }

    private static void Sync(SyncBatch<string> words)
    {
        foreach ((string path, Errno errno) in words.Sync())
        {
            throw new StorageException("sync the lock file", path, errno);
        }
    }

    /// <summary>
    /// Everything is durable in the documents: the log starts over in a new segment, whose salt gives remnants of the old one no chance.
    /// </summary>
    private void StartOver(LogContents log, bool isMade, bool wasFaulted)
    {
        directory.SweepPrepared();
        Lsn last = log.Header is null ? default : log.End.Next.Previous;
        bool rootWasLost = isMade && (log.Header!.ConfigRoot != identity.ConfigRoot || log.Header.RunRoot != identity.RunRoot);
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
