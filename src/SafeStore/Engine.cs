using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Changes;
using SafeStore.Checkpoint;
using SafeStore.Commit;
using SafeStore.Diagnostics;
using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Recovery;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore;

/// <summary>The parts of an open store, and how a store is opened and closed (docs/commit-protocol.md, "Open").</summary>
internal sealed class Engine : IEngine
{
    /// <summary>The operation of the failure that leaves the store faulted when it is opened.</summary>
    public const string RecoverySync = "sync during recovery";

    private readonly StoreAnchor _anchor;
    private readonly OpenedLog _log;
    private readonly LockWaiting _waiting;
    private readonly Maintenance _maintenance;
    private readonly Committer _committer;
    private readonly CommitSignal _signal;
    private readonly EngineChanges _changes;

    private Engine(StoreOptions options, OpenedStore opened, LockWaiting waiting, EngineEvents events)
    {
        RootSet roots = opened.Roots;
        CommitLog log = opened.Log.Commits;
        (Roots, _anchor, _log, _waiting, Events) = (roots, opened.Anchor, opened.Log, waiting, events);
        var names = new NameLocks(opened.Anchor, waiting);
        ParkedRecords parked = opened.Parked;
        parked.NoteOpening();
        var resolver = new Resolver(roots, log, opened.Identity, parked, events);
        Gates = new SandboxGates(options.IdleSandboxesMax);
        Locker = new SandboxLocker(roots, Gates, names, waiting, resolver);
        var whole = new WholeSyncer(roots, opened.HasRecovered, events);
        var documents = new DocumentSyncer(roots, log, Locker, whole, waiting, parked, new Stamper(roots, events));
        var published = new PublishedSandboxes(roots, names, Locker, resolver, parked, events);
        Checkpointer =
            new Checkpointer(new CheckpointLock(opened.Anchor, waiting), log, opened.Log.Dirty, published, documents, parked, events);
        _maintenance = new Maintenance(log, Checkpointer, options, events);
        _committer = new Committer(log, opened.Log.Shared, waiting.Guard, _maintenance.Nudge, events.Telemetry);
        var limit = new LogLimit(log, Checkpointer, waiting);
        Runner = new TransactionRunner(roots, _committer, names, Locker, resolver, limit.AdmitAsync, events);
        Reader = new DocumentReader(roots.FileSystem, roots, options);
        _signal = new CommitSignal(opened.Log.Shared);
        _changes = new EngineChanges(roots, log, opened.Log.Shared, _signal, published, parked, waiting);
    }

    public RootSet Roots { get; }

    public SandboxGates Gates { get; }

    public SandboxLocker Locker { get; }

    public TransactionRunner Runner { get; }

    public DocumentReader Reader { get; }

    public Checkpointer Checkpointer { get; }

    public EngineEvents Events { get; }

    public StoreStatistics Statistics => Events.Statistics;

    public StoreTelemetry Telemetry => Events.Telemetry;

    /// <summary>Recovery has finished them.</summary>
    public long? PendingTransactions => 0;

    public bool IsJournaled => Roots.AreJournaled;

    public bool IsFaulted => _log.Commits.Faults.IsFaulted;

    public static async ValueTask<Engine> OpenAsync(StoreLayout layout, StoreOptions options, CancellationToken cancellation)
    {
        IDurableFileSystem fs = options.FileSystemInUse;
        OpeningChecks.Run(fs, layout, options);
        var events = new EngineEvents(options.Logger, new StoreTelemetry(layout.Config, options));
        using var owned = new OwnedParts();
        LockWaiting waiting = owned.Add(new LockWaiting(options.TimeProvider, options.LockTimeout));
        RootSet roots = owned.Add(RootSet.Open(fs, layout, options));
        foreach (RootDirectory root in roots.InOrderOfRemoval.Where(static root => !root.Traits.IsJournaled))
        {
            events.NotJournaled(root.Directory.Path, root.Traits.Name);
        }

        var metadata = new StoreMetadata(roots);
        FilePermissions lockFiles = roots.Config.FilePermissions with { Mode = options.LockFileMode };
        using var files = new OwnedParts();
        FileHandle file = files.Add(metadata.OpenAnchor(lockFiles)); // O1
        FileHandle words = files.Add(FileLock.OpenOrCreate(fs, roots.Run.Metadata, SharedState.FileName, lockFiles));
        if (LinkedFiles.TrySeparate(roots, file, words))
        {
            file = files.Add(metadata.OpenAnchor(lockFiles));
            words = files.Add(FileLock.OpenOrCreate(fs, roots.Run.Metadata, SharedState.FileName, lockFiles));
        }

        SharedState.EnsureLength(fs, words);
        StoreAnchor anchor = owned.Add(new StoreAnchor(fs, file, words, waiting));
        files.Disown();
        DirectoryHandle home = roots.Config.Metadata;
        StorageException.ThrowIfFailed(fs.Stat(home, out FileStatus place), "look at the metadata directory", home);
        SharedState shared = owned.Add(new SharedState(fs, words, place.Inode));
        DirectoryHandle logDirectory =
            owned.Add(RootDirectory.OpenOrMake(fs, home, LogDirectory.DirectoryName, roots.Config.DirectoryPermissions));
        RootModes.Check(fs, logDirectory, options);
        var segments = new LogDirectory(fs, logDirectory, options.SegmentBytes, options.LogBytesMax)
        {
            Permissions = roots.Config.FilePermissions,
        };
        var parked = new ParkedRecords(roots, new Watermarks(roots), segments.BytesMax);
        bool hasRecovered =
            await JoinAsync(metadata, roots, segments, parked, anchor, shared, waiting, events, cancellation).ConfigureAwait(false);
        StoreIdentity identity = metadata.Join();
        var logLock = new LogLock(new SharedLock(anchor.LockOf(StoreLock.Log), shared, SharedWord.LogLockWaiting));
        var sync = new SharedSync(new SharedLock(anchor.LockOf(StoreLock.Sync), shared, SharedWord.SyncLockWaiting), shared);
        var dirty = new DirtySegments();
        var log = owned.Add(new CommitLog(segments, logLock, sync, shared, anchor, identity, dirty));
        log.Faults.Told = events.Faulted;
        using (LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false))
        {
            _ = log.LastLsn(hold); // O6: the kernel tells of a failed write-back only to handles that were open
        }

        var opened = new OpenedStore(
            roots, anchor, new OpenedLog(log, dirty, logDirectory, shared), parked, identity, hasRecovered);
        var engine = new Engine(options, opened, waiting, events);
        owned.Disown();
        return engine;
    }

    public ValueTask<SandboxHold> LockToRemoveAsync(string sandbox, TimeSpan timeout, CancellationToken cancellation) =>
        Locker.LockToRemoveAsync(sandbox, timeout, cancellation);

    public async ValueTask<SandboxHold> LockAsync(
        SandboxTarget target, LockMode mode, TimeSpan timeout, CancellationToken cancellation)
    {
        if (!target.IsNew)
        {
            return await Locker.LockAsync(target.Id, mode, timeout, cancellation).ConfigureAwait(false);
        }

        SandboxHold hold = await Locker.ReserveAsync(target.Id, timeout, cancellation).ConfigureAwait(false);
        try
        {
            return Locker.Exists(target.Id) ? throw new AlreadyExistsException("sandbox", target.Id) : hold;
        }
        catch
        {
            hold.Dispose();
            throw;
        }
    }

    public async ValueTask<Lsn> CheckpointAsync(CancellationToken cancellation) =>
        await Checkpointer.RunAsync(CheckpointExtent.WholeLog, _waiting.DefaultTimeout, cancellation).ConfigureAwait(false)
            ?? throw new LockTimeoutException(_anchor.File.Path, _waiting.DefaultTimeout, [], "another one", "checkpoint");

    public IReadOnlyList<string> SeparateLockFiles()
    {
        var separation = new LockSeparation(Roots);
        return [.. Reader.ListSandboxes().Where(separation.TrySeparate)];
    }

    public ChangeReader ReadChanges(Lsn? from) => new(_changes, from);

    public ValueTask<Lsn> AwaitCreationsAsync(CancellationToken cancellation) => _changes.AwaitCreationsAsync(cancellation);

    /// <summary>Ends all waits for sandboxes and changes.</summary>
    public void StopWaiting() => _waiting.Close();

    /// <summary>Closes the store; the last process to do so leaves the documents durable without the log.</summary>
    public async ValueTask DisposeAsync()
    {
        await _maintenance.DisposeAsync().ConfigureAwait(false); // X1
        try
        {
            if (!IsFaulted)
            {
                await CloseAsync().ConfigureAwait(false);
            }
        }
        catch (SafeStoreException failure)
        {
            // The log keeps what the checkpoint could not make durable; the next opener recovers.
            Events.BackgroundFailed("checkpoint at close", failure);
        }
        finally
        {
            Gates.Dispose();
            _committer.Dispose();
            _signal.Dispose();
            _log.Dispose();
            _anchor.Dispose();
            _waiting.Dispose();
            Roots.Dispose(); // X4
        }
    }

    private async ValueTask CloseAsync()
    {
        // The change from shared to exclusive may lose the lock: it does not matter here, we have left.
        if (_anchor.LockOf(StoreLock.Open).TryAcquire(LockMode.Exclusive)) // X2
        {
            _ = await Checkpointer.RunAsync(CheckpointExtent.WholeLog, TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false); // X3
        }
    }

    /// <returns>Whether this process has recovered the store, since no other process had it open.</returns>
    private static async ValueTask<bool> JoinAsync(
        StoreMetadata metadata, RootSet roots, LogDirectory segments, ParkedRecords parked, StoreAnchor anchor, SharedState shared,
        LockWaiting waiting, EngineEvents events, CancellationToken cancellation)
    {
        FileLock openLock = anchor.LockOf(StoreLock.Open);
        bool hasRecovered = false;
        bool joined = await waiting.TryUntilAsync(
            state =>
            {
                if (openLock.TryAcquire(LockMode.Exclusive)) // O2
                {
                    anchor.ThrowIfReplaced();

                    // No other process has it open. Whatever the file says, recovery is what makes it true.
                    StoreStatus found = shared.Status;
                    if (found != StoreStatus.Faulted)
                    {
                        shared.SetStatus(StoreStatus.Recovering); // "faulted" stays until it is mended
                    }

                    LifeId life = Recover(metadata, roots, segments, parked, shared, found, events);
                    shared.StartOver(life); // O3
                    shared.SetStatus(StoreStatus.Open);
                    hasRecovered = true;
                }

                // Also after our own recovery: the change of mode is not atomic, and another may have recovered in between.
                if (!openLock.TryAcquire(LockMode.Shared)) // O4
                {
                    return false;
                }

                anchor.ThrowIfReplaced();
                switch (shared.Status)
                {
                    case StoreStatus.Open:
                        return true;
                    case StoreStatus.Faulted:
                        throw new StoreFaultedException("it cannot be joined while other processes have it open.");
                    default:
                        openLock.Release(); // its owner died while recovering, or has not begun: from the start
                        return false;
                }
            },
            0,
            waiting.DefaultTimeout,
            cancellation).ConfigureAwait(false);
        if (!joined)
        {
            throw openLock.TimedOut(waiting.DefaultTimeout, null);
        }

        roots.OpenSince = shared.Join();
        roots.TakeScratch(events); // O5
        return hasRecovered;
    }

    private static LifeId Recover(
        StoreMetadata metadata, RootSet roots, LogDirectory segments, ParkedRecords parked, SharedState shared, StoreStatus found,
        EngineEvents events)
    {
        try
        {
            return new StoreRecovery(roots, segments, metadata, parked, events).Run(shared, found);
        }
        catch (SyncFailedException failure)
        {
            shared.TryFault(); // or the next opener would sync again and believe it
            events.Faulted(failure);
            throw new StorageException(RecoverySync, failure.Path, failure.Errno, failure);
        }
        catch (NotDurableException failure)
        {
            shared.TryFault();
            events.Faulted(failure);
            throw new StorageException(RecoverySync, failure.Path, failure.Errno, failure);
        }
    }

    /// <summary>What an opening has got hold of.</summary>
    private sealed record OpenedStore(
        RootSet Roots,
        StoreAnchor Anchor,
        OpenedLog Log,
        ParkedRecords Parked,
        StoreIdentity Identity,
        bool HasRecovered);

    /// <summary>The log, and what is open for it.</summary>
    private sealed record OpenedLog(CommitLog Commits, DirtySegments Dirty, DirectoryHandle Directory, SharedState Shared) : IDisposable
    {
        public void Dispose()
        {
            Commits.Dispose();
            Directory.Dispose();
            Shared.Dispose();
        }
    }
}
