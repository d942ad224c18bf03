using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Commit;
using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Recovery;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Operations.Backups;

/// <summary>The store that a backup is made of. Nothing is written in it; the only lock is that of the sandbox being read.</summary>
internal sealed class BackupSource : IDisposable
{
    private const int DocumentBytesMax = 64 * 1024 * 1024;
    private const int ReadingsMax = 10;

    private readonly IDurableFileSystem _fs;
    private readonly StoreOptions _options;
    private readonly RootSet _roots;
    private readonly DirectoryHandle _logHandle;
    private readonly LogDirectory _log;
    private readonly LockWaiting _waiting;
    private readonly Dictionary<StoreRoot, FileOwner> _owners = [];

    private BackupSource(StoreOptions options, RootSet roots, StoreIdentity identity, DirectoryHandle log)
    {
        _fs = options.FileSystemInUse;
        _options = options;
        _roots = roots;
        _logHandle = log;
        _log = new LogDirectory(_fs, log, options.SegmentBytes, options.LogBytesMax);
        _waiting = new LockWaiting(options.TimeProvider, options.LockTimeout);
        Identity = identity;
        foreach (RootDirectory root in roots.InOrderOfRemoval)
        {
            StorageException.ThrowIfFailed(_fs.Stat(root.Directory, out FileStatus status), "look at the root", root.Directory);
            _owners[root.Root] = status.Owner;
        }
    }

    public StoreIdentity Identity { get; }

    /// <exception cref="NotFoundException">There is no store.</exception>
    public static BackupSource Open(StoreLayout layout, StoreOptions options)
    {
        using var owned = new OwnedParts();
        RootSet roots = owned.Add(RootSet.OpenToLook(options.FileSystemInUse, layout));
        StoreIdentity identity = new StoreMetadata(roots).Look();
        StorageException.ThrowIfFailed(
            options.FileSystemInUse.OpenDirectory(roots.Config.Metadata, LogDirectory.DirectoryName, out DirectoryHandle? log),
            "open the log",
            roots.Config.Metadata, LogDirectory.DirectoryName);
        var source = new BackupSource(options, roots, identity, owned.Add(log!));
        owned.Disown();
        return source;
    }

    public StoreMoment ReadMoment() => StoreMoment.Read(_roots);

    public List<string> ListSandboxes() => new DocumentReader(_fs, _roots, _options).ListSandboxes();

    /// <summary>Those of a document of which only the log knows.</summary>
    public (UnixFileMode Mode, FileOwner Owner) PermissionsOfNew(StoreRoot root) => (_options.FileMode, _owners[root]);

    /// <summary>The sandbox's lock word; default if it has none.</summary>
    public LockWord ReadWord(string sandbox)
    {
        try
        {
            return LockWord.TryRead(_fs, _roots.Run.Directory, SandboxHandles.LockPathOf(sandbox)) ?? default;
        }
        catch (StorageException failure) when (failure.Errno is Errno.NotDirectory or Errno.SymbolicLink)
        {
            return default;
        }
    }

    /// <summary>
    /// All of a sandbox with its lock word, under its shared lock if that is free in time. The word is read first: what is published later
    /// is in the log.
    /// </summary>
    /// <param name="sandbox">Its id.</param>
    /// <param name="timeout">How long to wait for the lock.</param>
    /// <param name="problems">Told of what is no document.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Null if there is no such sandbox.</returns>
    public async ValueTask<(LockWord Word, SandboxImage Image)?> ReadAsync(
        string sandbox, TimeSpan timeout, ProblemList problems, CancellationToken cancellation)
    {
        using FileLock? held = OpenLock(sandbox);
        if (held is not null && !held.TryAcquire(LockMode.Shared))
        {
            _ = await held.TryInTurnAsync(LockMode.Shared, timeout, cancellation).ConfigureAwait(false);
        }

        LockWord word = ReadWord(sandbox);
        return ReadDocuments(sandbox, problems) is { } image ? (word, image) : null;
    }

    /// <summary>The names, sizes and times of a sandbox's documents, without its lock.</summary>
    public Dictionary<DocumentKey, (long Size, DateTimeOffset? Modified)> Measure(string sandbox)
    {
        var files = new Dictionary<DocumentKey, (long Size, DateTimeOffset? Modified)>();
        var problems = new ProblemList();
        List<(RootDirectory Root, DocumentKey Key)> documents = List(sandbox, problems)?.Documents ?? [];
        foreach (StoreProblem leftOut in problems.All)
        {
            files[new DocumentKey(StoreRoot.Run, null, leftOut.Message)] = (-1, null); // which no backup has: it is to be told each time
        }

        foreach ((RootDirectory root, DocumentKey key) in documents)
        {
            string path = PathOf(sandbox, key);
            if (_fs.Stat(root.Directory, path, out FileStatus status) == Errno.None)
            {
                files[key] = (status.Kind == FileKind.Regular ? status.Size : -1, ModifiedOf(root, path));
            }
        }

        return files;
    }

    /// <summary>
    /// What the log holds above its watermark, with what is parked of sandboxes. All of it is durable on return: a process may have died,
    /// or be busy, between its append and its sync.
    /// </summary>
    /// <exception cref="LogCorruptException">An acknowledged record is missing or damaged.</exception>
    /// <exception cref="BackupException">It was changed during each reading.</exception>
    /// <exception cref="SyncFailedException">It cannot be made durable.</exception>
    public LoggedChanges ReadLog()
    {
        LogContents log = ReadContents();
        Sync(log);
        var parked = new ParkedRecords(_roots, new Watermarks(_roots), _log.BytesMax);
        ILookup<string, (SandboxPlan Plan, CommitRecord Record)> logged =
            CommittedPlans.Of(log.Records, _log.Path).ToLookup(static each => each.Plan.Sandbox, StringComparer.Ordinal);
        Dictionary<string, List<(SandboxPlan Plan, CommitRecord Record)>> ofParked = (parked.Watermarks.Config.Read()?.Parked ?? [])
            .ToDictionary(static each => each.Sandbox, each => parked.Join(each, logged[each.Sandbox]), StringComparer.Ordinal);
        return new LoggedChanges(log.Watermark, log.End.Next.Previous, logged, ofParked);
    }

    public void Dispose()
    {
        _waiting.Dispose();
        _logHandle.Dispose();
        _roots.Dispose();
    }

    private static string PathOf(string sandbox, DocumentKey key) =>
        DocumentId.Trusted(sandbox, key.Container, key.Root, key.File).RelativePath;

    private FileLock? OpenLock(string sandbox)
    {
        Errno errno = _fs.OpenFile(_roots.Run.Directory, SandboxHandles.LockPathOf(sandbox), FileUse.Read, out FileHandle? file);
        if (errno is Errno.NotFound or Errno.NotDirectory or Errno.SymbolicLink)
        {
            return null; // no process has locked it yet, or none can
        }

        StorageException.ThrowIfFailed(errno, "open the lock file", _roots.Run.Directory, SandboxHandles.LockPathOf(sandbox));
        return new FileLock(_fs, file!, LockRange.Whole, _waiting);
    }

    private SandboxImage? ReadDocuments(string sandbox, ProblemList problems)
    {
        if (List(sandbox, problems) is not { } found)
        {
            return null;
        }

        var image = new SandboxImage(sandbox, Identity);
        image.Containers.UnionWith(found.Containers);
        foreach ((RootDirectory root, DocumentKey key) in found.Documents)
        {
            if (ReadDocument(root, sandbox, key, problems) is { } document)
            {
                image.Documents[key] = document;
            }
        }

        return image;
    }

    /// <summary>Null if the sandbox has no directory in either root.</summary>
    private (List<string> Containers, List<(RootDirectory Root, DocumentKey Key)> Documents)? List(
        string sandbox, ProblemList problems)
    {
        var containers = new List<string>();
        var documents = new List<(RootDirectory, DocumentKey)>();
        bool exists = false;
        foreach (RootDirectory root in _roots.InOrderOfRemoval)
        {
            if (ListDirectory(root, sandbox, problems) is not { } entries)
            {
                continue;
            }

            exists = true;
            Add(root, null, entries);
            foreach (DirectoryEntry entry in entries.Where(
                static each => each.Kind == FileKind.Directory && Identifier.IsFree(each.Name)))
            {
                containers.Add(entry.Name);
                Add(root, entry.Name, ListDirectory(root, $"{sandbox}/{entry.Name}", problems) ?? []);
            }
        }

        return exists ? (containers, documents) : null;

        void Add(RootDirectory root, string? container, List<DirectoryEntry> entries) => documents.AddRange(
            entries.Where(DocumentReader.IsDocument).Select(each => (root, new DocumentKey(root.Root, container, each.Name))));
    }

    /// <summary>Null if there is none; something else in its place is told.</summary>
    private List<DirectoryEntry>? ListDirectory(RootDirectory root, string path, ProblemList problems)
    {
        var entries = new List<DirectoryEntry>();
        Errno errno = _fs.List(root.Directory, path, entries);
        if (errno is Errno.NotDirectory or Errno.SymbolicLink)
        {
            problems.Add("left-out", $"'{root.Directory.Path}/{path}' is no directory and not in the backup: it is "
                + (errno == Errno.SymbolicLink ? "a symbolic link." : "a file."));
        }

        if (errno is Errno.NotFound or Errno.NotDirectory or Errno.SymbolicLink)
        {
            return null;
        }

        StorageException.ThrowIfFailed(errno, "list the directory", root.Directory, path);
        return entries;
    }

    /// <summary>Null if it was deleted meanwhile, or is no document, which is told.</summary>
    private DocumentImage? ReadDocument(RootDirectory root, string sandbox, DocumentKey key, ProblemList problems)
    {
        string path = PathOf(sandbox, key);
        Errno errno = _fs.Stat(root.Directory, path, out FileStatus status);
        errno = errno != Errno.None ? errno : status.Kind == FileKind.SymbolicLink ? Errno.SymbolicLink : Errno.None;
        DateTimeOffset? modified = errno == Errno.None ? ModifiedOf(root, path) : null;
        StampedContent read = default;
        errno = errno == Errno.None ? StampedContent.Read(_fs, root.Directory, path, DocumentBytesMax, out read) : errno;
        switch (errno)
        {
            case Errno.NotFound or Errno.NotDirectory:
                return null;
            case Errno.SymbolicLink or Errno.FileTooLarge:
                problems.Add("left-out", $"'{root.Directory.Path}/{path}' is no document and not in the backup: it is "
                    + (errno == Errno.SymbolicLink ? "a symbolic link." : "larger than 64 MiB."));
                return null;
        }

        if (IsOfOneFile(errno))
        {
            return ImageOfUnreadable(root, path, errno);
        }

        StorageException.ThrowIfFailed(errno, "read the document", root.Directory, path);
        using (read)
        {
            return DocumentImage.Of(read.Bytes.ToArray(), status.Mode, status.Owner) with
            {
                Modified = modified,
                Damage = FindDamage($"{root.Directory.Path}/{path}", read),
            };
        }
    }

    /// <summary>Whether it tells nothing of other documents.</summary>
    private static bool IsOfOneFile(Errno errno) => errno is Errno.InputOutput or Errno.AccessDenied or Errno.NotPermitted
        or Errno.BadMessage or Errno.Damaged or Errno.HardwarePoison;

    private DocumentImage ImageOfUnreadable(RootDirectory root, string path, Errno errno)
    {
        (UnixFileMode mode, FileOwner owner) = PermissionsOfNew(root.Root);
        var failure = new StorageException("read the document", $"{root.Directory.Path}/{path}", errno);
        return DocumentImage.Of(default, mode, owner) with
        {
            Unwritten = null,
            Damage = new StoreProblem(
                DocumentImage.Unreadable, $"{failure.Message} It is not in the backup. An older one may have it, so none is removed.")
            {
                Path = failure.Path,
            },
        };
    }

    /// <summary>What another program has edited is as it is meant to be, as far as can be told.</summary>
    private static StoreProblem? FindDamage(string path, StampedContent read)
    {
        string? damage = JsonRules.FindFault(read.Bytes) is { } fault ? string.Create(
                CultureInfo.InvariantCulture, $"damaged at byte {fault.Position}: {fault.Reason}")
            : read.State == StampState.Damaged ? $"not what the transaction {read.Stamp!.Value.Lsn} wrote, by its stamp." : null;
        return damage is null ? null : new StoreProblem(
            read.State == StampState.Damaged ? "stamp" : "corrupt", $"'{path}' is in the backup as it stands, and is {damage} An older "
            + "backup may have it whole, so none is removed.");
    }

    /// <summary>Null if that cannot be told: then the next backup reads the document again.</summary>
    private DateTimeOffset? ModifiedOf(RootDirectory root, string path)
    {
        try
        {
            return _fs.Files.File.GetLastWriteTimeUtc($"{root.Directory.Path}/{path}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private LogContents ReadContents()
    {
        for (int attempt = 0; attempt < ReadingsMax; attempt++)
        {
            UnlockedReading reading = UnlockedLog.Read(_log, new Watermark(_fs, _roots.Config.Metadata), Identity.Store);
            if (reading.Contents is { } contents)
            {
                return contents;
            }

            if (reading.Damage is { } damage)
            {
                throw damage;
            }
        }

        throw new BackupException(
            $"The log '{_log.Path}' was changed during each of several readings. Try again, or let the log be longer "
            + "(StoreOptions.LogBytesMax).");
    }

    /// <summary>On a read-only filesystem there is nothing to write.</summary>
    private void Sync(LogContents log)
    {
        foreach (Lsn first in log.Records.Count > 0 ? log.Segments : [])
        {
            Errno errno = Errno.None;
            string path = _log.Path;
            try
            {
                using SegmentReader segment = _log.Open(first, FileUse.Read);
                path = segment.File.Path;
                errno = _fs.SyncData(segment.File);
            }
            catch (StorageException failure) when (failure.Errno == Errno.NotFound)
            {
                // released since: the documents are durable without it
            }

            if (errno is not (Errno.None or Errno.ReadOnly))
            {
                throw new SyncFailedException(path, errno);
            }
        }
    }
}

/// <summary>What the log and the parked records hold.</summary>
/// <param name="Watermark">Transactions up to here are in the documents only.</param>
/// <param name="End">The last LSN.</param>
/// <param name="Logged">The transactions above the watermark, by sandbox, in order.</param>
/// <param name="Parked">All that is to be applied to the sandboxes that are parked, those of the log included.</param>
internal sealed record LoggedChanges(
    Lsn Watermark, Lsn End, ILookup<string, (SandboxPlan Plan, CommitRecord Record)> Logged,
    IReadOnlyDictionary<string, List<(SandboxPlan Plan, CommitRecord Record)>> Parked)
{
    /// <summary>This reading with the one before; no transaction between the two is missing.</summary>
    public LoggedChanges After(LoggedChanges before) => this with
    {
        Watermark = before.Watermark,
        Logged = before.Logged.SelectMany(static each => each)
            .Concat(Logged.SelectMany(static each => each).Where(each => each.Record.Lsn > before.End))
            .ToLookup(static each => each.Plan.Sandbox, StringComparer.Ordinal),
    };

    public IEnumerable<string> Sandboxes => Logged.Select(static each => each.Key).Union(Parked.Keys, StringComparer.Ordinal);

    public IEnumerable<(SandboxPlan Plan, CommitRecord Record)> Of(string sandbox) =>
        Parked.TryGetValue(sandbox, out List<(SandboxPlan Plan, CommitRecord Record)>? parked) ? parked : Logged[sandbox];
}
