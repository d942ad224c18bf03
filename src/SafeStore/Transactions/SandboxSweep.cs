using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Locking;

namespace SafeStore.Transactions;

/// <summary>
/// The sweep of all sandboxes at a recovery: removes temp files, durably, and lets every lock word say "idle". Several sandboxes at a time, which have nothing
/// in common.
/// </summary>
/// <remarks>
/// Invariant: a sandbox whose word says "idle" has no temp file, in the cache or on the disk, whoever died when. A temp file that is removed here is synced away. One whose removal a dead
/// process has not synced lies in a sandbox whose word says something else; or that process was itself recovering, and the caller lets everything be synced.
/// </remarks>
internal sealed class SandboxSweep(IDurableFileSystem fs, RootSet roots, Sweeper sweeper, Dictionary<string, SandboxFate> fates, bool syncAll, EngineEvents events)
{
    private readonly ConcurrentDictionary<string, bool> _interrupted = new(StringComparer.Ordinal);
    private volatile bool _isSettled = true;

    /// <returns>Whether every sandbox has a word that counts.</returns>
    public bool Run()
    {
        using var words = new SyncBatch<string>(fs, FileRewriter.FilesPerBatch);
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            List<DirectoryEntry> sandboxes = sweeper.List(root.Directory);
            sandboxes.RemoveAll(static entry => entry.Kind != FileKind.Directory || !Identifier.IsValid(entry.Name));
            SideBySide.ForEach(fs.CallsSideBySide, sandboxes.Count, number => SweepUnlessOdd(root, sandboxes[number].Name, words));
        }

        Sync(words);
        return _isSettled;
    }

    private void SweepUnlessOdd(RootDirectory root, string sandbox, SyncBatch<string> words)
    {
        SandboxFate? fate = fates.GetValueOrDefault(sandbox);
        try
        {
            Sweep(root, sandbox, fate, words);
        }
        catch (StorageException failure) when (fate is null && failure.Errno is not Errno.InputOutput)
        {
            // A link, or a directory of another owner, where none should be: one odd sandbox does not keep the others closed. It
            // is refused when it is locked or read.
            events.SandboxSkipped(sandbox, failure);
            _isSettled = false;
        }
    }

    private void Sweep(RootDirectory root, string sandbox, SandboxFate? fate, SyncBatch<string> words)
    {
        StorageException.ThrowIfFailed(fs.OpenDirectory(root.Directory, sandbox, out DirectoryHandle? directory), "open the directory", root.Directory.Path, sandbox);
        using (directory)
        {
            // The word of a sandbox that the records remove is looked at later: it tells whether another program has made the sandbox again.
            LockWord? word = root.Root == StoreRoot.Run && fate is not { Exists: false } ? FindUnsettled(sandbox, directory!, fate) : null;
            bool always = syncAll || _interrupted.ContainsKey(sandbox);
            _ = sweeper.SweepDirectory(directory!, depth: 1, isDurable: !root.IsVolatile, always);
            if (word is { } found)
            {
                Settle(sandbox, directory!, found, fate?.Last, root.IsVolatile, words);
            }
        }
    }

    /// <summary>The sandbox's word, if it is to be written.</summary>
    private LockWord? FindUnsettled(string sandbox, DirectoryHandle directory, SandboxFate? fate)
    {
        LockWord? word = LockWord.TryRead(fs, directory, Identifier.LockFile);
        if (word is null || (word.Value.State == LockWordState.Unknown && fate is null))
        {
            _isSettled = false; // who locks it looks for its last transaction, and sweeps it
            return null;
        }

        if (word.Value.State != LockWordState.Idle)
        {
            // Whoever died here may have removed temp files and not synced that, in any root; this one comes first.
            _ = _interrupted.TryAdd(sandbox, true);
        }

        return word.Value.State == LockWordState.Committing || fate is not null ? word : null;
    }

    private void Settle(string id, DirectoryHandle sandbox, LockWord word, Lsn? last, bool isVolatile, SyncBatch<string> words)
    {
        Lsn settled = Lsn.Max(word.Lsn, last ?? default);
        if (word.State == LockWordState.Committing && settled > word.Lsn)
        {
            events.RolledForward(id, settled);
        }
        else if (word.State == LockWordState.Committing)
        {
            events.RolledBack(id);
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

}
