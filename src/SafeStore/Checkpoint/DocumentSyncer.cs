using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Recovery;
using SafeStore.Roots;
using SafeStore.Threads;
using SafeStore.Vocabulary;

namespace SafeStore.Checkpoint;

/// <summary>
/// Makes durable what published transactions touched: documents and lock files, then their directories, children before parents.
/// </summary>
internal sealed class DocumentSyncer(
    RootSet roots, CommitLog log, SandboxLocker locker, WholeSyncer whole, LockWaiting waiting, ParkedRecords parked,
    Stamper stamper)
{
    private readonly IDurableFileSystem _fs = roots.FileSystem;

    /// <summary>
    /// Others commit meanwhile: each batch is a commit of the filesystem's journal, for which they wait, and fills the journal, which they
    /// wait for longer.
    /// </summary>
    private const int FilesPerBatch = 64;

    /// <param name="dirty">What they touched.</param>
    /// <param name="syncs">Makes the syncs.</param>
    /// <param name="cancellation">Ends it between two batches.</param>
    /// <returns>The sandboxes of which something cannot be synced, because of what another program has put over it.</returns>
    public async ValueTask<IReadOnlyDictionary<string, StorageException>> SyncAsync(
        IReadOnlyCollection<DirtySandbox> dirty, ParallelCalls syncs, CancellationToken cancellation)
    {
        var blocked = new ConcurrentDictionary<string, StorageException>(StringComparer.Ordinal);
        bool isDone = false;
        await syncs.RunAsync(() => isDone = TrySyncWhole(dirty)).ConfigureAwait(false);
        if (isDone)
        {
            // A filesystem that has stopped after an error, or has turned read-only, answers the sync of the whole with success.
            await syncs.RunAsync(() => SyncRoots()).ConfigureAwait(false);
        }
        else
        {
            await SyncEachAsync(dirty, syncs, blocked, cancellation).ConfigureAwait(false);
        }

        return blocked;
    }

    private bool TrySyncWhole(IReadOnlyCollection<DirtySandbox> dirty)
    {
        try
        {
            return whole.TrySync(dirty);
        }
        catch (SyncFailedException failure)
        {
            throw log.Faults.Fault(failure.Path, failure.Errno); // the next recovery makes all of it anew, from the log
        }
    }

    private async ValueTask SyncEachAsync(
        IReadOnlyCollection<DirtySandbox> dirty, ParallelCalls syncs, ConcurrentDictionary<string, StorageException> blocked,
        CancellationToken cancellation)
    {
        var left = new Queue<DirtySandbox>(dirty);
        using var files = new SyncBatch<DirtyFile>(_fs, syncs, FilesPerBatch);
        while (left.Count > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            var sandboxes = new List<DirtySandbox>();
            await syncs.RunAsync(() => Open(left, sandboxes, files, blocked)).ConfigureAwait(false);
            await SyncAsync(sandboxes, files, syncs, blocked).ConfigureAwait(false);
        }

        await syncs.RunAsync(() => SyncRoots()).ConfigureAwait(false);
    }

    private void Open(
        Queue<DirtySandbox> left, List<DirtySandbox> sandboxes, SyncBatch<DirtyFile> files,
        ConcurrentDictionary<string, StorageException> blocked)
    {
        while (!files.IsFull && left.TryDequeue(out DirtySandbox? sandbox))
        {
            sandboxes.Add(sandbox);
            Trying(sandbox.Sandbox, blocked, () => Open(sandbox, files));
        }
    }

    /// <summary>What keeps one sandbox from being synced does not keep the others.</summary>
    private static void Trying(string sandbox, ConcurrentDictionary<string, StorageException> blocked, Action step)
    {
        try
        {
            step();
        }
        catch (StorageException failure) when (ParkedRecords.IsLasting(failure.Errno))
        {
            _ = blocked.TryAdd(sandbox, failure);
        }
    }

    private void Open(DirtySandbox sandbox, SyncBatch<DirtyFile> files)
    {
        foreach (DocumentKey key in sandbox.Documents)
        {
            Open(sandbox.Sandbox, key, DocumentId.Trusted(sandbox.Sandbox, key.Container, key.Root, key.File).RelativePath, files);
        }

        // Version numbers go with the lock word: after a power loss it must not say less than the log that is about to go.
        Open(sandbox.Sandbox, new DocumentKey(StoreRoot.Run, null, Identifier.LockFile), $"{sandbox.Sandbox}/{Identifier.LockFile}", files);
    }

    private void Open(string sandbox, DocumentKey key, string path, SyncBatch<DirtyFile> files)
    {
        RootDirectory root = roots[key.Root];
        if (root.IsVolatile)
        {
            return;
        }

        Errno errno = _fs.OpenFile(root.Directory, path, FileUse.Read, out FileHandle? file);
        if (errno is Errno.NotFound or Errno.NotDirectory or Errno.SymbolicLink or Errno.IsDirectory or Errno.NoSuchDevice)
        {
            return; // deleted, perhaps with its container, whose name may be a document's by now; or replaced by another program
        }

        StorageException.ThrowIfFailed(errno, "open for the checkpoint", root.Directory.Path, path);
        using var owned = new OwnedParts();
        owned.Add(file!);
        StorageException.ThrowIfFailed(_fs.Stat(file!, out FileStatus status), "look at for the checkpoint", file!);
        StorageException.ThrowIfFailed(status.IsOnMountOf(root.Status) ? Errno.None : Errno.Busy, "sync what is mounted over", file!);
        if (status.Kind != FileKind.Regular)
        {
            return; // what another program has put in its place
        }

        owned.Disown();
        files.Add(file!, new DirtyFile(sandbox, key, root.Directory));
    }

    private async ValueTask SyncAsync(
        List<DirtySandbox> sandboxes, SyncBatch<DirtyFile> files, ParallelCalls syncs,
        ConcurrentDictionary<string, StorageException> blocked)
    {
        foreach ((DirtyFile file, Errno errno) in await files.SyncAsync().ConfigureAwait(false))
        {
            if (file.IsLock)
            {
                throw log.Faults.Fault(file.Path, errno); // no record has its content
            }

            await RewriteAsync(file).ConfigureAwait(false);
        }

        await SyncDirectoriesAsync(sandboxes, syncs, blocked).ConfigureAwait(false);
    }

    /// <summary>
    /// A document whose sync failed is written anew from its last record: the kernel may have dropped its pages, and a second sync would
    /// prove nothing. If that fails too, no process may believe the next sync, of any process: the store is faulted. Not to be cancelled:
    /// the kernel tells of the failure once.
    /// </summary>
    private async ValueTask RewriteAsync(DirtyFile file)
    {
        (string sandbox, DocumentKey key, _) = file;
        try
        {
            using SandboxHold held =
                await locker.LockAsync(sandbox, LockMode.Exclusive, waiting.DefaultTimeout, CancellationToken.None).ConfigureAwait(false);
            if (await FindAsync(sandbox, key).ConfigureAwait(false) is { Content: not null } document
                && held.Handles.Find(key.Root, key.Container) is { } directory)
            {
                using var inOrder = new ParallelCalls(1);
                using var files = new FileRewriter(_fs, stamper, inOrder, static (_, failure) => throw failure);
                files.Write(roots[key.Root], key.Container is null ? sandbox
                    : $"{sandbox}/{key.Container}", directory, key.File, document);
                files.Complete();
            }
        }
        catch (NotFoundException)
        {
            // Removed in the meantime.
        }
        catch (Exception failure) when (failure is not StoreFaultedException)
        {
            throw log.Faults.Fault(file.Path, Errno.InputOutput);
        }
    }

    /// <summary>What the log says of a document, and what is parked, which the log may not have any more.</summary>
    private async ValueTask<RedoDocument?> FindAsync(string sandbox, DocumentKey key)
    {
        using LogLock.Hold hold = await log.LockAsync(CancellationToken.None).ConfigureAwait(false);
        var redo = new Redo(sandbox);
        List<(SandboxPlan Plan, CommitRecord Record)> logged =
            [.. CommittedPlans.Of(log.ReadAll(hold), log.Directory.Path, sandbox)];
        foreach ((SandboxPlan plan, CommitRecord record) in parked.Find(sandbox) is { } entry ? parked.Join(entry, logged) : logged)
        {
            redo.Add(plan, record);
        }

        return redo.Documents.GetValueOrDefault(key);
    }

    private async ValueTask SyncDirectoriesAsync(
        List<DirtySandbox> sandboxes, ParallelCalls syncs, ConcurrentDictionary<string, StorageException> blocked)
    {
        var containers = new List<(StoreRoot Root, string Path)>();
        var own = new List<(StoreRoot Root, string Path)>();
        var touched = new HashSet<(StoreRoot Root, string? Container)>();
        foreach (DirtySandbox sandbox in sandboxes)
        {
            touched.Clear();
            sandbox.CollectDirectories(touched);
            foreach ((StoreRoot root, string? container) in touched)
            {
                (container is null ? own : containers).Add((root, container is null ? sandbox.Sandbox : $"{sandbox.Sandbox}/{container}"));
            }
        }

        // Children before parents.
        await syncs.ForEachAsync(containers.Count, number => Sync(containers[number])).ConfigureAwait(false);
        await syncs.ForEachAsync(own.Count, number => Sync(own[number])).ConfigureAwait(false);

        void Sync((StoreRoot Root, string Path) directory) =>
            Trying(directory.Path.Split('/')[0], blocked, () => SyncDirectory(roots[directory.Root], directory.Path));
    }

    private void SyncDirectory(RootDirectory root, string path)
    {
        if (root.IsVolatile)
        {
            return;
        }

        Errno errno = _fs.OpenDirectory(root.Directory, path, out DirectoryHandle? directory);
        if (errno is Errno.NotFound or Errno.NotDirectory or Errno.SymbolicLink)
        {
            return;
        }

        StorageException.ThrowIfFailed(errno, "open for the checkpoint", root.Directory.Path, path);
        using (directory)
        {
            StorageException.ThrowIfFailed(_fs.Stat(directory!, out FileStatus status), "look at for the checkpoint", directory!);
            StorageException.ThrowIfFailed(
                status.IsOnMountOf(root.Status) ? Errno.None : Errno.Busy, "sync what is mounted over", directory!);
            SyncOrFault(directory!);
        }
    }

    /// <summary>
    /// The roots' own names: also for updates, which need the directory that another program, or a locker in a root that has lost its own,
    /// has made. And scratch/ and new/: what has left them must not be found there by a recovery.
    /// </summary>
    private void SyncRoots()
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance.Where(static root => !root.IsVolatile))
        {
            SyncOrFault(root.Directory);
            Errno errno = root.SyncScratch(out DirectoryHandle failed);
            if (errno != Errno.None)
            {
                throw log.Faults.Fault(failed.Path, errno);
            }
        }
    }

    private void SyncOrFault(DirectoryHandle directory)
    {
        Errno errno = _fs.SyncDirectory(directory);
        if (errno != Errno.None)
        {
            throw log.Faults.Fault(directory.Path, errno);
        }
    }

    /// <summary>A document, or the lock file, of a sandbox.</summary>
    private sealed record DirtyFile(string Sandbox, DocumentKey Key, DirectoryHandle Root)
    {
        public string Path => $"{Root.Path}/{DocumentId.Trusted(Sandbox, Key.Container, Key.Root, Key.File).RelativePath}";

        public bool IsLock => Key is { Container: null, File: Identifier.LockFile };
    }
}
