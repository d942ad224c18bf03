using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Operations.Backups;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Operations;

/// <summary>
/// A directory with backups: each a plain tree, <c>config/</c> and <c>run/</c> with the sandboxes as they stood after one transaction and
/// before the next, and a manifest with checksums. They are made while processes use the store.
/// </summary>
public sealed partial class BackupDirectory
{
    private const string UnfinishedPrefix = ".unfinished-";
    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;

    private readonly StoreOptions _options;
    private readonly IDurableFileSystem _fs;

    /// <summary>Names a directory of backups; looks at nothing yet.</summary>
    /// <param name="path">Its path, relative to the current directory if it is not absolute.</param>
    /// <param name="options">
    /// The filesystem, the clock, and the sizes of the log, as the store has them. Null for the default.
    /// </param>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    public BackupDirectory(string path, StoreOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        _options = options ?? new StoreOptions();
        _fs = _options.FileSystemInUse;
        Path = LinuxPath.TrimEndingDirectorySeparator(LinuxPath.GetFullPath(path));
    }

    /// <summary>Its absolute path.</summary>
    public string Path { get; }

    /// <summary>
    /// Makes a backup, durable on return, of a store that any number of processes may be writing, or none: of all transactions up to one
    /// LSN, and of no other. Nothing is written in the store. Waits for no writer but for the shared lock of one sandbox at a time, for
    /// <see cref="BackupOptions.LockTimeout"/> at most. What it does not finish is never listed, and removed by the next.
    /// </summary>
    /// <param name="store">Where the store lies.</param>
    /// <param name="options">What to do; null for the default.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ArgumentException">
    /// An id is not allowed, or named twice; the number to keep is below 1, or given for a backup of some sandboxes; the time-out is
    /// negative.
    /// </exception>
    /// <exception cref="NotFoundException">There is no store, or not one of the sandboxes.</exception>
    /// <exception cref="BackupException">
    /// Another process makes a backup here; the store is being recovered, or its log was shortened faster than it could be read; this
    /// directory lies in the store.
    /// </exception>
    /// <exception cref="StoreFaultedException">A sync of the store has failed: open it first.</exception>
    /// <exception cref="LogCorruptException">The store has lost an acknowledged transaction.</exception>
    /// <exception cref="StoreMetadataException">The store's metadata is missing or damaged.</exception>
    /// <exception cref="StorageException">
    /// A directory cannot be listed, or the backup not written. All backups are as they were, unless it was in the removal of an old one.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task<BackupResult> CreateAsync(
        StoreLayout store, BackupOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        options ??= new BackupOptions();
        Check(store, options);
        using BackupSource source = BackupSource.Open(store, _options);
        using DirectoryHandle backups = RootDirectory.OpenOrMake(_fs, Path);
        Lock(backups);
        Sweep(backups);
        (string made, Copied copied) = await MakeAsync(source, backups, options, cancellationToken).ConfigureAwait(false);
        BackupReport report = Look(made);
        BackupReport[] surplus = options.Keep is { } keep && !copied.HasDamage
            ? FindSurplus(source.Identity.Store, keep, cancellationToken) : [];
        string[] removed = [.. surplus.Where(static each => each.Problems.Count == 0).Select(static each => each.Name)];
        Array.ForEach(removed, name => Discard(backups, name));
        StoreProblem[] left = [.. surplus.Where(static each => each.Problems.Count > 0).Select(static each => new StoreProblem(
            "damaged", $"The old backup '{each.Path}' is damaged, and so not removed. See what is left of it: safestore backup verify. "
            + "Remove it by hand when nothing of it is needed."))];
        return new BackupResult(report.Backup!, [.. copied.Problems, .. left]) { Reused = copied.Reused, Removed = removed };
    }

    /// <summary>The backups that the next one would remove; see <see cref="BackupOptions.Keep"/>. Reads all of them.</summary>
    /// <param name="store">Where the store lies.</param>
    /// <param name="keep">How many are kept, the next one among them: 1 or more.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="ArgumentException">The number is below 1.</exception>
    /// <exception cref="NotFoundException">There is no store.</exception>
    /// <exception cref="StoreMetadataException">The store's metadata is missing or damaged.</exception>
    /// <exception cref="StorageException">The directory cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IReadOnlyList<string> FindSurplus(StoreLayout store, int keep, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        using BackupSource source = BackupSource.Open(store, _options);
        return [.. FindSurplus(source.Identity.Store, keep - 1, cancellationToken).Where(static each => each.Problems.Count == 0)
            .Select(static each => each.Name)];
    }

    /// <summary>The finished backups, oldest first, by their manifests.</summary>
    /// <exception cref="NotFoundException">The directory does not exist.</exception>
    /// <exception cref="StorageException">The directory cannot be read.</exception>
    public IReadOnlyList<BackupReport> List()
    {
        Errno errno = _fs.OpenRoot(Path, out DirectoryHandle? directory);
        using (directory)
        {
            return errno == Errno.NotFound
                ? throw new NotFoundException("directory of backups", Path, "Check the path, and whether its disk is mounted.")
                : [.. Names().Select(Look)];
        }
    }

    /// <summary>The newest backup of all sandboxes of a store, by its manifest; null if there is none that can be read.</summary>
    /// <param name="store">The store's id.</param>
    /// <exception cref="StorageException">The directory cannot be read.</exception>
    public Backup? FindLast(Guid store) => Names().Reverse().Select(Look).Select(static each => each.Backup)
        .FirstOrDefault(backup => backup is { IsWhole: true } && backup.Store == store);

    /// <summary>Reads all of a backup and compares it with its manifest.</summary>
    /// <param name="name">The backup's name.</param>
    /// <param name="progress">Told after each sandbox; null for none.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="NotFoundException">There is no such backup.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public BackupReport Verify(
        string name, IProgress<BackupProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        string path = LinuxPath.Join(Path, name);
        try
        {
            using StoredBackup backup = StoredBackup.Open(_fs, path);
            return new BackupReport(name, path, backup.Manifest.Describe(name, path), backup.Verify(progress, cancellationToken));
        }
        catch (SafeStoreException failure) when (failure is not NotFoundException)
        {
            return new BackupReport(name, path, null, [new StoreProblem(failure.Code, failure.Message)]);
        }
    }

    [GeneratedRegex(@"^\d{8}-\d{8}T\d{6}Z$", RegexOptions.ExplicitCapture)]
    private static partial Regex NamePattern();

    private void Check(StoreLayout store, BackupOptions options)
    {
        if (options.Keep is { } keep)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1, nameof(options));
            if (options.Sandboxes is not null)
            {
                throw new ArgumentException("Only backups of all sandboxes are counted and removed.", nameof(options));
            }
        }

        StoreOptions.CheckTime(options.LockTimeout, nameof(options));
        foreach (string sandbox in options.Sandboxes ?? [])
        {
            Identifier.CheckSandbox(sandbox, nameof(options));
        }

        if (options.Sandboxes?.Count == 0)
        {
            throw new ArgumentException("Name at least one sandbox, or give null for all.", nameof(options));
        }

        RefuseInside(store);
    }

    /// <summary>By the directories themselves, whatever links lead there: from the lowest that exists up to the top.</summary>
    private void RefuseInside(StoreLayout store)
    {
        string above = Path;
        while (!_fs.Files.Directory.Exists(above) && LinuxPath.GetDirectoryName(above) is { } parent)
        {
            above = parent;
        }

        string[] owns = [store.Config, store.Run, store.ConfigMetadata, store.RunMetadata];
        var seen = new HashSet<(ulong, ulong)>();
        while (Identify(above) is { } directory && seen.Add(directory))
        {
            if (Array.Find(owns, own => Identify(own) == directory) is { } inside)
            {
                throw new BackupException(
                    $"The directory of backups '{Path}' lies in the store's '{inside}'. Choose another, best on another disk.");
            }

            above += "/..";
        }
    }

    /// <summary>Null if it does not exist, or may not be looked at.</summary>
    private (ulong Device, ulong Inode)? Identify(string path)
    {
        Errno errno = _fs.OpenRoot(path, out DirectoryHandle? directory);
        using (directory)
        {
            return errno == Errno.None && _fs.Stat(directory!, out FileStatus status) == Errno.None ? (status.Device, status.Inode) : null;
        }
    }

    private void Lock(DirectoryHandle backups)
    {
        Errno errno = _fs.TryLock(backups, LockRange.Whole, LockMode.Exclusive);
        if (errno == Errno.WouldBlock)
        {
            throw new BackupException(
                $"Another process makes a backup in '{Path}' (it holds flock on the directory). Wait until it has ended.");
        }

        StorageException.ThrowIfFailed(errno, "lock the directory of backups", backups);
    }

    /// <summary>
    /// The caller holds the lock: what is unfinished is of a process that has died. A power loss may leave it under both names: then it was
    /// not acknowledged yet, or is being removed.
    /// </summary>
    private void Sweep(DirectoryHandle backups)
    {
        var entries = new List<DirectoryEntry>();
        StorageException.ThrowIfFailed(_fs.List(backups, entries), "list the directory of backups", backups);
        foreach (DirectoryEntry entry in entries.Where(static each => each.Name.StartsWith(UnfinishedPrefix, StringComparison.Ordinal)))
        {
            StorageException.ThrowIfFailed(_fs.Stat(backups, entry.Name, out FileStatus status), "look at", backups, entry.Name);
            foreach (string name in Names().Where(each =>
                _fs.Stat(backups, each, out FileStatus named) == Errno.None && named.IsSameFile(status)))
            {
                Discard(backups, name);
            }

            BackupTree.RemoveTree(_fs, backups, entry.Name);
        }
    }

    private async ValueTask<(string Name, Copied Copied)> MakeAsync(
        BackupSource source, DirectoryHandle backups, BackupOptions options, CancellationToken cancellation)
    {
        string unfinished = NewUnfinished();
        StorageException.ThrowIfFailed(
            _fs.MakeDirectory(backups, unfinished, DirectoryMode, out DirectoryHandle? made), "make the directory", backups, unfinished);
        try
        {
            using (made)
            {
                using var former = new BackupBase(options.IsFull ? null : FindFormer(source.Identity));
                var tree = new BackupTree(_fs, made!, DirectoryMode);
                tree.MakeRoots();
                Copied copied = await new BackupRun(source, tree, former, options, cancellation).RunAsync().ConfigureAwait(false);
                DateTimeOffset time = _options.TimeProvider.GetUtcNow();
                WriteManifest(tree, source.Identity, copied, time, options.Sandboxes is null);
                tree.Sync();
                cancellation.ThrowIfCancellationRequested();
                return (Finish(backups, unfinished, time), copied);
            }
        }
        catch (StorageException full) when (full.Errno == Errno.NoSpace)
        {
            TryRemove(backups, unfinished);
            throw full.WithAdvice("The disk of the backups is full: free some space there, or choose a directory on another disk.");
        }
        catch
        {
            TryRemove(backups, unfinished);
            throw;
        }
    }

    private static void WriteManifest(BackupTree tree, StoreIdentity identity, Copied copied, DateTimeOffset time, bool isWhole)
    {
        byte[] manifest = new BackupManifest(
            BackupManifest.FormatNow, identity.Store, identity.ConfigRoot, identity.RunRoot, copied.Cut.Value, time, isWhole)
        {
            Sandboxes = copied.Sandboxes,
        }.Encode();
        tree.WriteFile(BackupManifest.FileName, manifest);
        tree.WriteFile(BackupManifest.SumName, BackupManifest.SumOf(manifest));
    }

    /// <summary>Numbers tell the order, whatever the clock does.</summary>
    private string Finish(DirectoryHandle backups, string unfinished, DateTimeOffset time)
    {
        int last = Names().Select(static each => int.Parse(each.AsSpan(0, 8), CultureInfo.InvariantCulture)).DefaultIfEmpty(0).Max();
        string name = string.Create(CultureInfo.InvariantCulture, $"{last + 1:D8}-{time.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}");
        StorageException.ThrowIfFailed(
            _fs.Rename(backups, unfinished, backups, name, RenameKind.NoReplace), "name the backup", backups, name);
        StorageException.ThrowIfFailed(_fs.SyncDirectory(backups), "sync the directory of backups", backups);
        return name;
    }

    /// <summary>The newest one of the same store that can be read; a damaged one saves nothing, and is told by verify.</summary>
    private StoredBackup? FindFormer(StoreIdentity identity)
    {
        foreach (string name in Names().Reverse())
        {
            try
            {
                StoredBackup backup = StoredBackup.Open(_fs, $"{Path}/{name}");
                if (backup.Manifest.IsOf(identity))
                {
                    return backup;
                }

                backup.Dispose();
            }
            catch (SafeStoreException)
            {
                // the next older one
            }
        }

        return null;
    }

    /// <summary>A removed backup loses its name first, so that one which is removed in part never looks whole.</summary>
    private void Discard(DirectoryHandle backups, string name)
    {
        string unfinished = NewUnfinished();
        StorageException.ThrowIfFailed(
            _fs.Rename(backups, name, backups, unfinished, RenameKind.NoReplace), "remove the backup", backups, name);
        StorageException.ThrowIfFailed(_fs.SyncDirectory(backups), "sync the directory of backups", backups);
        BackupTree.RemoveTree(_fs, backups, unfinished);
    }

    /// <summary>Each is read before it may be removed: what is damaged tells of the disk, and may be all that is left.</summary>
    private BackupReport[] FindSurplus(Guid store, int keep, CancellationToken cancellation) =>
    [
        .. List().Where(each => each.Backup is { IsWhole: true } backup && backup.Store == store).SkipLast(keep)
            .Select(each => Verify(each.Name, null, cancellation)),
    ];

    private string NewUnfinished()
    {
        Span<byte> random = stackalloc byte[8];
        _fs.FillRandom(random);
        return UnfinishedPrefix + Convert.ToHexStringLower(random);
    }

    /// <summary>The next backup removes what stays.</summary>
    private void TryRemove(DirectoryHandle backups, string unfinished)
    {
        try
        {
            BackupTree.RemoveTree(_fs, backups, unfinished);
        }
        catch (StorageException)
        {
            // the failure that led here is told
        }
    }

    private string[] Names()
    {
        Errno errno = _fs.OpenRoot(Path, out DirectoryHandle? directory);
        if (errno == Errno.NotFound)
        {
            return [];
        }

        StorageException.ThrowIfFailed(errno, "open the directory of backups", Path);
        using (directory)
        {
            var entries = new List<DirectoryEntry>();
            StorageException.ThrowIfFailed(_fs.List(directory!, entries), "list the directory of backups", directory!);
            return [.. entries.Where(static each => each.Kind == FileKind.Directory && NamePattern().IsMatch(each.Name))
                .Select(static each => each.Name).Order(StringComparer.Ordinal)];
        }
    }

    private BackupReport Look(string name)
    {
        string path = $"{Path}/{name}";
        try
        {
            using StoredBackup backup = StoredBackup.Open(_fs, path);
            return new BackupReport(name, path, backup.Manifest.Describe(name, path), []);
        }
        catch (SafeStoreException failure)
        {
            return new BackupReport(name, path, null, [new StoreProblem(failure.Code, failure.Message)]);
        }
    }
}
