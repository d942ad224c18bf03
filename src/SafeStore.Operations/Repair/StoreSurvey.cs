using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Operations.Sandboxes;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Operations.Repair;

/// <summary>
/// All that a store's metadata still tell, each file by itself, and what of it would keep the store from being opened. Changes nothing.
/// </summary>
internal sealed class StoreSurvey
{
    private readonly IDurableFileSystem _fs;
    private readonly List<StoreDamage> _damages = [];

    private StoreSurvey(IDurableFileSystem fs) => _fs = fs;

    public IReadOnlyList<StoreDamage> Damages => _damages;

    /// <summary>The ids of the store and of its roots: what is left of them, new ones for what is gone.</summary>
    public StoreIdentity Identity { get; private set; } = new(default, default, default);

    /// <summary>Up to where the documents need no log.</summary>
    public Lsn Mark { get; private set; }

    /// <summary>The life of the config root, or else of the run root.</summary>
    public LifeId Life { get; private set; }

    /// <summary>The number of the last life of any root.</summary>
    public long LivesMax { get; private set; }

    public ImmutableArray<ParkedEntry> Parked { get; private set; } = [];

    public SalvagedLog Log { get; private set; } = null!;

    /// <summary>The lock words of the sandboxes.</summary>
    public IReadOnlyDictionary<string, LockWord> Words { get; private set; } = new Dictionary<string, LockWord>();

    /// <summary>The highest LSN that anything knows.</summary>
    public Lsn Highest { get; private set; }

    /// <exception cref="StoreFormatException">The store is of another format: there is nothing here that could repair it.</exception>
    /// <exception cref="StorageException">The operating system refuses to read something.</exception>
    public static StoreSurvey Take(StoreOptions options, ViewedRoot[] roots)
    {
        var survey = new StoreSurvey(options.FileSystemInUse);
        survey.Read(options, roots[0], roots[1]);
        return survey;
    }

    private void Read(StoreOptions options, ViewedRoot config, ViewedRoot run)
    {
        foreach (ViewedRoot root in new[] { config, run })
        {
            if (root.Failure is StorageException failure)
            {
                throw failure; // what cannot be looked at is not gone
            }
        }

        // Before the log, which knows all of it: what is looked at may be in use.
        Words = ReadWords(run, new SandboxLister(_fs, [config, run]).ListNames());
        WatermarkState? runMark = ReadMark(run, RepairActions.AcceptRoots);
        WatermarkState? mark = ReadMark(config, RepairActions.NewLog);
        StoreDocument? store = ReadDocument(config, StoreDocument.FileName, StoreMetadata.ReadStore, RepairActions.NewLog);
        RootDocument? configRoot = ReadDocument(config, RootDocument.FileName, StoreMetadata.ReadRoot, RepairActions.AcceptRoots);
        RootDocument? runRoot = ReadDocument(run, RootDocument.FileName, StoreMetadata.ReadRoot, RepairActions.AcceptRoots);
        Guid? id = store?.Store ?? configRoot?.Store ?? runRoot?.Store;
        Parked = mark?.Parked ?? [];
        Life = mark?.Life ?? runMark?.Life ?? default;
        LivesMax = Math.Max(mark?.Life.Number ?? 0, runMark?.Life.Number ?? 0);
        ReadLog(options, config, mark?.Lsn ?? runMark?.Lsn, id);
        Mark = Lsn.Max(Log.Watermark, mark?.Lsn ?? runMark?.Lsn ?? (Log.Header is null ? default : Log.Kept[0].Previous));
        CheckIds(id, (config, configRoot), (run, runRoot));
        CheckMarks(run, mark, runMark);
        Identity = new StoreIdentity(
            id ?? Log.Header?.Identity.Store ?? NewId(), Log.Header?.Identity.ConfigRoot ?? configRoot?.Root ?? NewId(),
            Log.Header?.Identity.RunRoot ?? runRoot?.Root ?? NewId()); // the log's first: what it has was meant for these
    }

    private Dictionary<string, LockWord> ReadWords(ViewedRoot run, List<string> sandboxes)
    {
        var words = new Dictionary<string, LockWord>(StringComparer.Ordinal);
        if (run.Directory is not { } directory)
        {
            return words;
        }

        Span<byte> bytes = stackalloc byte[LockWord.Bytes];
        foreach (string sandbox in sandboxes)
        {
            string path = SandboxHandles.LockPathOf(sandbox);
            Errno errno = _fs.ReadWhole(directory, path, bytes, out _);
            if (errno == Errno.None)
            {
                words.Add(sandbox, LockWord.TryRead(_fs, directory, path) ?? default);
            }
            else if (errno != Errno.NotFound && !IsOfOtherKind(errno)) // those are for the sandbox's next holder to meet
            {
                throw new StorageException("read the lock word", $"{directory.Path}/{path}", errno);
            }
        }

        return words;
    }

    private WatermarkState? ReadMark(ViewedRoot root, RepairActions mend)
    {
        try
        {
            WatermarkState? state = root.Metadata is { } metadata ? new Watermark(_fs, metadata).Read() : null;
            if (state is null && !IsNew(root))
            {
                Add(mend, $"The watermark of the root '{root.Path}' is missing.");
            }

            return state;
        }
        catch (SafeStoreException failure) when (failure is LogCorruptException || IsOfOtherKind(failure))
        {
            Add(mend, $"The watermark of the root '{root.Path}' cannot be read: {failure.Message}");
            return null;
        }
    }

    private T? ReadDocument<T>(
        ViewedRoot root, string name, Func<IDurableFileSystem, DirectoryHandle, T?> read, RepairActions mend)
        where T : class
    {
        string path = $"{root.MetadataPath}/{name}";
        try
        {
            T? document = root.Metadata is { } metadata ? read(_fs, metadata) : null;
            if (document is null && !IsNew(root))
            {
                Add(mend, $"'{path}' is missing.");
            }

            return document;
        }
        catch (SafeStoreException failure) when (failure is StoreMetadataException || IsOfOtherKind(failure))
        {
            Add(mend, failure.Message);
            return null;
        }
    }

    /// <summary>A volatile run root that a restart of the machine has emptied is made anew by any opening.</summary>
    private bool IsNew(ViewedRoot root) =>
        root.Root == StoreRoot.Run && Words.Count == 0 && OpeningChecks.TraitsOf(_fs, root.Path).IsVolatile;

    private void ReadLog(StoreOptions options, ViewedRoot config, Lsn? mark, Guid? id)
    {
        DirectoryHandle? opened = null;
        Errno errno = config.Metadata is { } metadata
            ? _fs.OpenDirectory(metadata, LogDirectory.DirectoryName, out opened) : Errno.NotFound;
        using DirectoryHandle? directory = opened;
        string path = $"{config.MetadataPath}/{LogDirectory.DirectoryName}";
        if (errno is not (Errno.None or Errno.NotFound) && !IsOfOtherKind(errno))
        {
            throw new StorageException("open the log", path, errno);
        }

        Log = SalvagedLog.Read(
            directory is null ? null : new LogDirectory(_fs, directory, options.SegmentBytes, options.LogBytesMax), mark, id);
        if (Log.Header is null)
        {
            string found = Log.Damage is null ? "" : $" What there is cannot be used: {Log.Damage.Reason}.";
            Add(RepairActions.NewLog, $"The log '{path}' has no segment that is this store's.{found}");
        }
        else if (Log.Damage is { } damage)
        {
            Add(RepairActions.AcceptLoss, damage.Message);
        }
    }

    private void CheckIds(Guid? store, params (ViewedRoot Root, RootDocument? Document)[] roots)
    {
        foreach ((ViewedRoot root, RootDocument? document) in roots)
        {
            if (document is null)
            {
                continue;
            }

            if (document.Store != store)
            {
                Add(RepairActions.AcceptRoots, $"The root '{root.Path}' says that it is of the store {document.Store}, not of {store}.");
            }

            Guid? logged = Log.Header?.IdentityOf(root.Root);
            if (logged is { } known && known != document.Root && known != document.Former)
            {
                Add(RepairActions.AcceptRoots, $"The root '{root.Path}' says that it is {document.Root}, and the log that it is {known}.");
            }
        }
    }

    private void CheckMarks(ViewedRoot run, WatermarkState? mark, WatermarkState? runMark)
    {
        if (mark is not null && runMark is not null
            && ((mark.Life != runMark.Life && mark.Life != runMark.PendingLife) || runMark.Lsn < mark.Lsn))
        {
            Add(RepairActions.AcceptRoots, string.Create(
                CultureInfo.InvariantCulture,
                $"The roots are copies of different times: the run root '{run.Path}' is of life {runMark.Life.Number} at LSN "
                + $"{runMark.Lsn}, the config root of life {mark.Life.Number} at LSN {mark.Lsn}."));
        }

        CheckKnown("the watermark of the config root", mark?.Lsn ?? default);
        CheckKnown("the watermark of the run root", runMark?.Lsn ?? default);
        foreach ((string sandbox, LockWord word) in Words)
        {
            CheckKnown($"the lock word of the sandbox '{sandbox}'", Lsn.Max(word.Lsn, word.OfSeveral));
        }

        foreach (ParkedEntry entry in Parked)
        {
            Highest = Lsn.Max(Highest, entry.Last);
        }

        Highest = Lsn.Max(Highest, Log.Highest);
    }

    /// <summary>What something knows of must be in the log, or have been.</summary>
    private void CheckKnown(string what, Lsn known)
    {
        Lsn end = Log.End.Next.Previous;
        if (known > end && Log.Header is not null && Log.Damage is null)
        {
            Add(RepairActions.AcceptLoss, $"The log ends with LSN {end}, and {what} knows LSN {known}.");
        }

        Highest = Lsn.Max(Highest, known);
    }

    /// <summary>
    /// Whether there is something else in a file's place: a directory, a link, a pipe, something far too large. Any other error is the
    /// disk's or this process's, and tells nothing of the file, so that nothing may be given up because of it.
    /// </summary>
    internal static bool IsOfOtherKind(Errno errno) => errno is Errno.IsDirectory or Errno.NotDirectory or Errno.SymbolicLink
        or Errno.NotSeekable or Errno.NoSuchDevice or Errno.FileTooLarge;

    internal static bool IsOfOtherKind(SafeStoreException failure) =>
        failure is StorageException { Errno: var errno } && IsOfOtherKind(errno);

    private void Add(RepairActions mend, string message) => _damages.Add(new StoreDamage(message, mend));

    private Guid NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        _fs.FillRandom(bytes);
        return new Guid(bytes);
    }
}
