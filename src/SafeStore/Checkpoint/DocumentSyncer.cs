using System;
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
internal sealed class DocumentSyncer(RootSet roots, CommitLog log, SandboxLocker locker, WholeSyncer whole, LockWaiting waiting)
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
    public async ValueTask SyncAsync(IReadOnlyCollection<DirtySandbox> dirty, ParallelCalls syncs, CancellationToken cancellation)
    {
        bool isDone = false;
        await syncs.RunAsync(() => isDone = TrySyncWhole(dirty)).ConfigureAwait(false);
        if (isDone)
        {
            // A filesystem that has stopped after an error, or has turned read-only, answers the sync of the whole with success.
            await syncs.RunAsync(() => SyncRoots()).ConfigureAwait(false);
        }
        else
        {
            await SyncEachAsync(dirty, syncs, cancellation).ConfigureAwait(false);
        }
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

    private async ValueTask SyncEachAsync(IReadOnlyCollection<DirtySandbox> dirty, ParallelCalls syncs, CancellationToken cancellation)
    {
        var left = new Queue<DirtySandbox>(dirty);
        using var files = new SyncBatch<DirtyFile>(_fs, syncs, FilesPerBatch);
        while (left.Count > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            var sandboxes = new List<DirtySandbox>();
            await syncs.RunAsync(() => Open(left, sandboxes, files)).ConfigureAwait(false);
            await SyncAsync(sandboxes, files, syncs).ConfigureAwait(false);
        }

        await syncs.RunAsync(() => SyncRoots()).ConfigureAwait(false);
    }

    private void Open(Queue<DirtySandbox> left, List<DirtySandbox> sandboxes, SyncBatch<DirtyFile> files)
    {
        while (!files.IsFull && left.TryDequeue(out DirtySandbox? sandbox))
        {
            sandboxes.Add(sandbox);
            Open(sandbox, files);
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
        if (errno is Errno.NotFound or Errno.NotDirectory)
        {
            return; // deleted, perhaps with its container, whose name may be a document's by now
        }

        StorageException.ThrowIfFailed(errno, "open for the checkpoint", root.Directory.Path, path);
        files.Add(file!, new DirtyFile(sandbox, key, root.Directory));
    }

    private async ValueTask SyncAsync(List<DirtySandbox> sandboxes, SyncBatch<DirtyFile> files, ParallelCalls syncs)
    {
        foreach ((DirtyFile file, Errno errno) in await files.SyncAsync().ConfigureAwait(false))
        {
            if (file.IsLock)
            {
                throw log.Faults.Fault(file.Path, errno); // no record has its content
            }

            await RewriteAsync(file).ConfigureAwait(false);
        }

        await SyncDirectoriesAsync(sandboxes, syncs).ConfigureAwait(false);
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
            if (await FindContentAsync(sandbox, key).ConfigureAwait(false) is { } content
                && held.Handles.Find(key.Root, key.Container) is { } directory)
            {
                using var inOrder = new ParallelCalls(1);
                using var files = new FileRewriter(_fs, inOrder);
                files.Write(roots[key.Root], key.Container is null ? sandbox
                    : $"{sandbox}/{key.Container}", directory, key.File, content.Span);
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

    private async ValueTask<ReadOnlyMemory<byte>?> FindContentAsync(string sandbox, DocumentKey key)
    {
        using LogLock.Hold hold = await log.LockAsync(CancellationToken.None).ConfigureAwait(false);
        var redo = new Redo(sandbox);
        foreach ((SandboxPlan plan, CommitRecord record) in CommittedPlans.Of(log.ReadAll(hold), log.Directory.Path, sandbox))
        {
            redo.Add(plan, record);
        }

        return redo.Documents.TryGetValue(key, out RedoDocument? found) ? found.Content : null;
    }

    private async ValueTask SyncDirectoriesAsync(List<DirtySandbox> sandboxes, ParallelCalls syncs)
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
        await syncs.ForEachAsync(containers.Count, number => SyncDirectory(roots[containers[number].Root], containers[number].Path))
            .ConfigureAwait(false);
        await syncs.ForEachAsync(own.Count, number => SyncDirectory(roots[own[number].Root], own[number].Path)).ConfigureAwait(false);
    }

    private void SyncDirectory(RootDirectory root, string path)
    {
        if (root.IsVolatile)
        {
            return;
        }

        Errno errno = _fs.OpenDirectory(root.Directory, path, out DirectoryHandle? directory);
        if (errno is Errno.NotFound or Errno.NotDirectory)
        {
            return;
        }

        StorageException.ThrowIfFailed(errno, "open for the checkpoint", root.Directory.Path, path);
        using (directory)
        {
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
