using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Recovery;
using SafeStore.Roots;

namespace SafeStore.Operations.Repair;

/// <summary>Gives up what is parked of a sandbox, in a store that this process has open.</summary>
/// <remarks>
/// Order: the record's copy, then the lock word, then the watermark without the entry. With the word alone the sandbox can be used, and the
/// next recovery would park the record again: a repetition finds the entry. The checkpoint's lock is held, under which the watermark may be
/// written, and then the sandbox's.
/// </remarks>
internal sealed class ParkedSurrender(StoreLayout layout, StoreOptions options, RootSet roots)
{
    private readonly IDurableFileSystem _fs = options.FileSystemInUse;
    private readonly ParkedReader _reader = new(layout, options, roots);

    public async Task<ParkedRepairPlan?> RunAsync(string sandbox, CancellationToken cancellation)
    {
        using var owned = new OwnedParts();
        FileLock checkpoint = OpenCheckpointLock(owned);
        if (!await checkpoint.TryAcquireAsync(LockMode.Exclusive, options.LockTimeout, cancellation).ConfigureAwait(false))
        {
            throw checkpoint.TimedOut(options.LockTimeout, "another one");
        }

        using var held = new SandboxFlock(options, roots);
        await held.AcquireAsync(sandbox, cancellation).ConfigureAwait(false);
        WatermarkState state = _reader.Watermarks.Config.Read()
            ?? throw new StoreMetadataException(roots.Config.Metadata.Path, "the watermark's files are missing");
        if (state.Parked.FirstOrDefault(each => each.Sandbox == sandbox) is not { } entry)
        {
            return null;
        }

        if (state.Lsn < entry.Last)
        {
            const string operation = "give up transactions that the log still has, for what 'safestore status' tells,";
            throw new StorageException(operation, $"{roots.Config.Metadata.Path}/{LogDirectory.DirectoryName}", Errno.Busy);
        }

        ParkedRepairPlan plan = _reader.Read(entry);
        string kept = Keep(plan);
        Redo? redo = plan.Damage is null ? _reader.Collect(entry) : null;
        SyncDocuments(redo);
        if (held.File is { } file)
        {
            LockWord found = LockWord.Read(_fs, file);
            Lsn ofSeveral = Lsn.Max(found.OfSeveral, redo?.OfSeveral ?? default);
            new LockWord(LockWordState.Idle, Lsn.Max(found.Lsn, entry.Last), ofSeveral).Write(_fs, file);
            StorageException.ThrowIfFailed(_fs.SyncFile(file), "sync the lock word", file);
        }

        _reader.Watermarks.Advance(state.Lsn, state.Parked.Remove(entry));
        return plan with { Quarantines = [kept] };
    }

    private FileLock OpenCheckpointLock(OwnedParts owned)
    {
        DirectoryHandle metadata = roots.Config.Metadata;
        Errno errno = _fs.OpenFile(metadata, StoreDocument.FileName, FileUse.ReadWrite, out FileHandle? file);
        StorageException.ThrowIfFailed(errno, "open the store's document", metadata, StoreDocument.FileName);
        using var files = new OwnedParts();
        files.Add(file!);
        errno = _fs.OpenFile(roots.Run.Metadata, SharedState.FileName, FileUse.ReadWrite, out FileHandle? words);
        StorageException.ThrowIfFailed(errno, "open the store's words", roots.Run.Metadata, SharedState.FileName);
        files.Add(words!);
        LockWaiting waiting = owned.Add(new LockWaiting(options.TimeProvider, options.LockTimeout));
        StoreAnchor anchor = owned.Add(new StoreAnchor(_fs, file!, words!, waiting));
        files.Disown();
        return anchor.LockOf(StoreLock.Checkpoint);
    }

    /// <summary>Copies the record, if there is one; durable on return.</summary>
    private string Keep(ParkedRepairPlan plan)
    {
        using var quarantine = new Quarantine(_fs, roots.Config, options.TimeProvider.GetUtcNow());
        Errno errno = _fs.OpenDirectory(roots.Config.Metadata, ParkedRecords.DirectoryName, out DirectoryHandle? directory);
        using (directory)
        {
            StorageException.ThrowIfFailed(
                errno == Errno.NotFound ? Errno.None : errno, "open the directory", roots.Config.Metadata, ParkedRecords.DirectoryName);
            if (directory is not null && _fs.Stat(directory, plan.Sandbox, out _) == Errno.None)
            {
                _ = quarantine.TryCopy(directory, plan.Sandbox, ParkedRecords.DirectoryName);
            }
        }

        quarantine.Complete(
            $"give up what is parked of sandbox {plan.Sandbox}, up to LSN {plan.Last}",
            plan.Damage is { } damage ? [damage] : plan.Transactions.Select(static each => $"LSN {each.Lsn}: {each.Message}"));
        return quarantine.Directory.Path;
    }

    /// <summary>What was published of the transactions is not to go with a power loss.</summary>
    private void SyncDocuments(Redo? redo)
    {
        foreach (DocumentKey key in redo?.Documents.Keys ?? [])
        {
            DirectoryHandle root = roots[key.Root].Directory;
            string path = DocumentId.Trusted(redo!.Sandbox, key.Container, key.Root, key.File).RelativePath;
            if (_fs.OpenFile(root, path, FileUse.Read, out FileHandle? file) == Errno.None)
            {
                using (file)
                {
                    StorageException.ThrowIfFailed(_fs.SyncFile(file!), "sync the document", file!);
                }
            }

            if (_fs.OpenDirectory(root, path[..path.LastIndexOf('/')], out DirectoryHandle? directory) == Errno.None)
            {
                using (directory)
                {
                    StorageException.ThrowIfFailed(_fs.SyncDirectory(directory!), "sync the directory", directory!);
                }
            }
        }
    }
}
