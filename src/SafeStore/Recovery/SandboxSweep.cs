using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Roots;
using SafeStore.Threads;
using SafeStore.Vocabulary;

namespace SafeStore.Recovery;

/// <summary>
/// The sweep of all sandboxes at a recovery: removes temp files, durably, and lets every lock word say "idle". Several sandboxes at a time, which have nothing
/// in common.
/// </summary>
/// <remarks>
/// Invariant at its end: no sandbox has a temp file, in the cache or on the disk, and no word says "committing". What is removed or written here is synced. What a dead process has removed or
/// written before and not synced, the cache does not show; the caller knows whether there may be such things, and lets everything be synced.
/// </remarks>
internal sealed class SandboxSweep(IDurableFileSystem fs, RootSet roots, Sweeper sweeper, Dictionary<string, Redo> fates, bool syncAll, EngineEvents events)
{
    private const int LeastPerThread = 64;

    private readonly ConcurrentDictionary<string, bool> _interrupted = new(StringComparer.Ordinal);
    private volatile bool _isSettled = true;

    /// <returns>Whether every sandbox could be looked into.</returns>
    public bool Run()
    {
        using var calls = new SideBySide(fs.CallsSideBySide);
        using var syncs = new SideBySide(fs.SyncsSideBySide);
        using var words = new SyncBatch<string>(fs, syncs, FileRewriter.FilesPerBatch);
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            List<DirectoryEntry> sandboxes = sweeper.List(root.Directory);
            sandboxes.RemoveAll(static entry => entry.Kind != FileKind.Directory || !Identifier.IsValid(entry.Name));
            calls.ForEach(sandboxes.Count, LeastPerThread, number => SweepUnlessOdd(root, sandboxes[number].Name, words));
        }

        Sync(words);
        return _isSettled;
    }

    private void SweepUnlessOdd(RootDirectory root, string sandbox, SyncBatch<string> words)
    {
        Redo? fate = fates.GetValueOrDefault(sandbox);
        try
        {
            Sweep(root, sandbox, fate, words);
        }
        catch (StorageException failure) when (fate is null && IsOddity(failure.Errno))
        {
            // A link, or a directory of another owner, where none should be: one odd sandbox does not keep the others closed. It
            // is refused when it is locked or read.
            events.SandboxSkipped(sandbox, failure);
            _isSettled = false;
        }
    }

    /// <summary>Not if the filesystem or the process lacks something, which is not this sandbox's matter: what could not be synced would be taken for settled.</summary>
    private static bool IsOddity(Errno errno) => errno is not (Errno.InputOutput or Errno.NoSpace or Errno.QuotaExceeded or Errno.Damaged or Errno.NoMemory or Errno.ProcessFileLimit or Errno.SystemFileLimit);

    private void Sweep(RootDirectory root, string sandbox, Redo? fate, SyncBatch<string> words)
    {
        StorageException.ThrowIfFailed(fs.OpenDirectory(root.Directory, sandbox, out DirectoryHandle? directory), "open the directory", root.Directory.Path, sandbox);
        using (directory)
        {
            LockWord? word = root.Root == StoreRoot.Run ? LockWord.TryRead(fs, directory!, Identifier.LockFile) : null; // it gets one when it is locked
            if (word is { State: LockWordState.Committing })
            {
                // Whoever was at work here may have removed a temp file and failed to sync that, in any root; the run root comes first.
                _ = _interrupted.TryAdd(sandbox, true);
            }

            _ = sweeper.SweepDirectory(directory!, depth: 1, isDurable: !root.IsVolatile, always: syncAll || _interrupted.ContainsKey(sandbox));

            // The word of a sandbox that the records remove is looked at later: it tells whether another program has made the sandbox again.
            Redo? own = word is { } later && fate is { Exists: false } && RedoApplier.IsOfLaterSandbox(later, fate) ? null : fate;
            if (word is { } found && own is not { Exists: false } && (found.State == LockWordState.Committing || own is not null || syncAll))
            {
                Settle(sandbox, directory!, found, own?.Last, root.IsVolatile, words);
            }
        }
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
        if (word.State != LockWordState.Unknown || last is not null)
        {
            new LockWord(LockWordState.Idle, settled).Write(fs, file!);
        }

        if (isVolatile)
        {
            return;
        }

        // The log, which still knows the version, is dropped soon; a power loss may then bring back an older word, or "committing" in a settled store.
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

    /// <exception cref="SyncFailedException">One of many sandboxes' words may not be durable: not the matter of the one that filled the batch.</exception>
    private static void Sync(SyncBatch<string> words)
    {
        foreach ((string path, Errno errno) in words.Sync())
        {
            throw new SyncFailedException(path, errno);
        }
    }
}
