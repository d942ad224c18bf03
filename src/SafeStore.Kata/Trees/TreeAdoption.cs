using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Roots;
using SafeStore.Sandboxes;
using SafeStore.Vocabulary;

namespace SafeStore.Kata;

/// <summary>
/// Makes a container runtime's tree a store where it is: the roots stay, the metadata lies beside them. Every document is checked and made
/// durable, which its previous owner never did; only then is there a store. The previous owner must not run meanwhile. May be killed and
/// repeated.
/// </summary>
public sealed class TreeAdoption
{
    private readonly StoreLayout _layout;
    private readonly StoreOptions _options;
    private readonly DocumentReading _reading;

    /// <summary>An adoption of a tree.</summary>
    /// <param name="layout">
    /// Where the tree lies and the metadata is to lie; <see cref="StoreLayout.Beside"/> keeps that out of the previous owner's sight.
    /// </param>
    /// <param name="options">How the store works; null for the defaults.</param>
    /// <param name="model">Which documents are which type; null for the model with the built-in kinds.</param>
    public TreeAdoption(StoreLayout layout, StoreOptions? options = null, SandboxModel? model = null)
    {
        ArgumentNullException.ThrowIfNull(layout);
        _layout = layout;
        _options = options ?? new StoreOptions();
        _reading = new DocumentReading(model);
    }

    /// <summary>Whether it only tells what it would find; then nothing at all is written.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>Whether damaged and empty documents are moved into <c>quarantine</c> in their root's metadata directory.</summary>
    public bool Quarantines { get; init; }

    /// <summary>Whether the run root may be missing, as after a reboot; it is made then. A name that was mistyped looks the same.</summary>
    public bool MakesRun { get; init; }

    private IDurableFileSystem FileSystem => _options.FileSystemInUse;

    /// <summary>
    /// Adopts the tree. The work is done as the reports are asked for; the tree is a store when the last has come. First comes what an
    /// earlier adoption has moved to the quarantine, and still lies there.
    /// </summary>
    /// <param name="cancellationToken">Ends it between two sandboxes.</param>
    /// <exception cref="StorageException">A root does not exist or cannot be listed, or the operating system refused a call.</exception>
    /// <exception cref="StoreMetadataException">The roots are those of a store that has its metadata inside.</exception>
    /// <exception cref="LockTimeoutException">A process holds the lock of a sandbox: the previous owner still runs.</exception>
    /// <exception cref="SafeStoreException">The store cannot be opened (<see cref="StateStore.OpenAsync"/>).</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async IAsyncEnumerable<FileReport> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ThrowIfStoreOfItsOwn();
        var reader = new TreeReader(FileSystem, new TreeRoots(_layout.Config, _layout.Run), _reading, _options.DocumentBytesMax);
        (IReadOnlyList<string> sandboxes, IReadOnlyList<SourceFile> others) = reader.List(mayLack: MakesRun ? StoreRoot.Run : null);
        foreach (FileReport earlier in new[] { StoreRoot.Config, StoreRoot.Run }.SelectMany(QuarantinedBefore))
        {
            yield return earlier;
        }

        foreach (SourceFile other in others)
        {
            yield return other.Report;
        }

        bool isStore = HasStore(_layout);
        if (IsDryRun)
        {
            foreach (SourceFile file in sandboxes.SelectMany(sandbox => reader.Read(sandbox).Files))
            {
                yield return Taken(file, isStore);
            }

            yield break;
        }

        IAsyncEnumerable<FileReport> reports = isStore ? AdoptAgainAsync(reader, sandboxes, cancellationToken)
            : AdoptAsync(reader, sandboxes, cancellationToken);
        await foreach (FileReport report in reports.ConfigureAwait(false))
        {
            yield return report;
        }
    }

    private bool HasStore(StoreLayout layout) =>
        FileSystem.Files.File.Exists(LinuxPath.Join(layout.ConfigMetadata, StoreDocument.FileName));

    private void ThrowIfStoreOfItsOwn()
    {
        StoreLayout inside = StoreLayout.Of(_layout.Config, _layout.Run);
        if (inside.ConfigMetadata != _layout.ConfigMetadata && HasStore(inside))
        {
            throw new StoreMetadataException(
                inside.ConfigMetadata, "the roots are those of a store that has its metadata inside; there is nothing to adopt");
        }
    }

    /// <summary>
    /// First everything is made durable, under the previous owner's locks; then the store is made, which says that it is.
    /// </summary>
    private async IAsyncEnumerable<FileReport> AdoptAsync(
        TreeReader reader, IReadOnlyList<string> sandboxes, [EnumeratorCancellation] CancellationToken cancellation)
    {
        SyncQuarantine();
        var reports = new List<IReadOnlyList<FileReport>>();
        foreach (string sandbox in sandboxes)
        {
            cancellation.ThrowIfCancellationRequested();
            reports.Add(TakeAsOwner(reader, sandbox));
        }

        await using StateStore store = await StateStore.OpenAsync(_layout, _options, cancellation).ConfigureAwait(false);
        foreach ((string sandbox, IReadOnlyList<FileReport> found) in sandboxes.Zip(reports))
        {
            foreach (FileReport report in found.Concat(await TryLockAsync(store, sandbox, cancellation).ConfigureAwait(false)))
            {
                yield return report;
            }
        }
    }

    /// <summary>One whose lock file is none, and cannot be locked by its owner either, is reported, and the others follow.</summary>
    private List<FileReport> TakeAsOwner(TreeReader reader, string sandbox)
    {
        try
        {
            using FileHandle? locked = LockAsOwner(sandbox);
            return Take(reader.Read(sandbox), isStore: false);
        }
        catch (StorageException failure)
            when (failure.Errno is Errno.SymbolicLink or Errno.IsDirectory or Errno.AccessDenied or Errno.NotPermitted)
        {
            return [.. reader.Read(sandbox).Files.Select(static file => file.Report).Where(static report => report.IsFinding),
                Unlockable(sandbox, failure)];
        }
    }

    private static async ValueTask<IReadOnlyList<FileReport>> TryLockAsync(StateStore store, string sandbox, CancellationToken cancellation)
    {
        try
        {
            await (await store.LockAsync(sandbox, cancellationToken: cancellation).ConfigureAwait(false)).DisposeAsync()
                .ConfigureAwait(false);
            return [];
        }
        catch (SafeStoreException failure) when (failure is StorageException or LogCorruptException) // the lock word of another store
        {
            return [Unlockable(sandbox, failure)];
        }
    }

    private static FileReport Unlockable(string sandbox, SafeStoreException failure) =>
        new(FileOutcome.Unreadable, StoreRoot.Run, sandbox, null, null) { Reason = failure.Message };

    /// <summary>It is a store already, perhaps in use: recovered first, and each sandbox looked at under its lock.</summary>
    private async IAsyncEnumerable<FileReport> AdoptAgainAsync(
        TreeReader reader, IReadOnlyList<string> sandboxes, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using StateStore store = await StateStore.OpenAsync(_layout, _options, cancellation).ConfigureAwait(false);
        SyncQuarantine();
        foreach (string sandbox in sandboxes)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (FileReport report in await TakeAgainAsync(store, reader, sandbox, cancellation).ConfigureAwait(false))
            {
                yield return report;
            }
        }
    }

    private async ValueTask<IReadOnlyList<FileReport>> TakeAgainAsync(
        StateStore store, TreeReader reader, string sandbox, CancellationToken cancellation)
    {
        try
        {
            await using SandboxLock held = await store.LockAsync(sandbox, cancellationToken: cancellation).ConfigureAwait(false);
            return Take(reader.Read(sandbox), isStore: true);
        }
        catch (NotFoundException)
        {
            return []; // removed since it was listed
        }
    }

    /// <summary>
    /// The lock that the previous owner takes, if the sandbox has a lock file; not waited for, since no process should hold it any more.
    /// </summary>
    private FileHandle? LockAsOwner(string sandbox)
    {
        Errno errno = FileSystem.OpenRoot(_layout.Run, out DirectoryHandle? run);
        if (errno == Errno.NotFound)
        {
            return null;
        }

        StorageException.ThrowIfFailed(errno, "open the directory", _layout.Run);
        using (run)
        {
            string path = $"{sandbox}/{Identifier.LockFile}";
            errno = FileSystem.OpenFile(run!, path, FileUse.Read, out FileHandle? file);
            if (errno == Errno.NotFound)
            {
                return null;
            }

            StorageException.ThrowIfFailed(errno, "open the lock file", _layout.Run, path);
            errno = FileSystem.TryLock(file!, LockRange.Whole, LockMode.Exclusive);
            if (errno == Errno.None)
            {
                return file;
            }

            using (file)
            {
                throw errno == Errno.WouldBlock
                    ? new LockTimeoutException($"{_layout.Run}/{path}", TimeSpan.Zero, FileSystem.LockHolders(file!), null)
                    : new StorageException("lock", $"{_layout.Run}/{path}", errno);
            }
        }
    }

    /// <summary>Makes a sandbox durable as it is, and moves damaged documents away if that is wished.</summary>
    private List<FileReport> Take(SourceSandbox sandbox, bool isStore)
    {
        var reports = new List<FileReport>(sandbox.Files.Count);
        foreach (StoreRoot root in new[] { StoreRoot.Run, StoreRoot.Config })
        {
            using DirectoryHandle? top = OpenOrNull(root);
            using DirectoryHandle? directory = top is null ? null : OpenOrNull(top, sandbox.Id);
            if (directory is null)
            {
                continue;
            }

            Durability.SyncAll(FileSystem, directory, levels: 1);
            StorageException.ThrowIfFailed(FileSystem.SyncDirectory(top!), "sync the directory", top!.Path);
        }

        foreach (SourceFile file in sandbox.Files)
        {
            reports.Add(Quarantines && file.Report is { Outcome: FileOutcome.Damaged } ? SetAside(file) : Taken(file, isStore));
        }

        return reports;
    }

    /// <summary>A process that died may have moved files there, and not yet made their new names durable.</summary>
    private void SyncQuarantine()
    {
        foreach (StoreRoot root in new[] { StoreRoot.Config, StoreRoot.Run })
        {
            if (Quarantines)
            {
                new Quarantine(FileSystem, _layout.MetadataOf(root)).Sync();
            }
        }
    }

    /// <summary>A process that died has told of none that it moved.</summary>
    private IReadOnlyList<FileReport> QuarantinedBefore(StoreRoot root) =>
        new Quarantine(FileSystem, _layout.MetadataOf(root)).List(root);

    private FileReport SetAside(SourceFile file)
    {
        using DirectoryHandle top = OpenOrNull(file.Report.Root)
            ?? throw new StorageException("open the directory", file.Path, Errno.NotFound);
        string path = file.Report.Container is { } container ? $"{file.Report.Sandbox}/{container}" : file.Report.Sandbox!;
        using DirectoryHandle directory = OpenOrNull(top, path)
            ?? throw new StorageException("open the directory", file.Path, Errno.NotFound);
        return new Quarantine(FileSystem, _layout.MetadataOf(file.Report.Root)).Move(file, directory);
    }

    private static FileReport Taken(SourceFile file, bool isStore) =>
        file.Document is null ? file.Report : file.Report with { Outcome = isStore ? FileOutcome.Unchanged : FileOutcome.Adopted };

    private DirectoryHandle? OpenOrNull(StoreRoot root)
    {
        Errno errno = FileSystem.OpenRoot(_layout.PathOf(root), out DirectoryHandle? directory);
        StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "open the directory", _layout.PathOf(root));
        return directory;
    }

    private DirectoryHandle? OpenOrNull(DirectoryHandle parent, string path)
    {
        Errno errno = FileSystem.OpenDirectory(parent, path, out DirectoryHandle? directory);
        StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "open the directory", parent.Path, path);
        return directory;
    }
}
