using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Checkpoint;
using SafeStore.Commit;
using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Recovery;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore;

/// <summary>The parts of an open store, and how a store is opened and closed (docs/commit-protocol.md, "Open").</summary>
internal sealed class Engine : IAsyncDisposable
{
    private const string OpenLockName = "open.lock";
    private const string LogLockName = "log.lock";
    private const string SyncLockName = "sync.lock";

    private readonly IDurableFileSystem _fs;
    private readonly int _documentBytesMax;
    private readonly FileLock _openLock;
    private readonly SharedState _shared;
    private readonly CommitLog _log;
    private readonly LockWaiting _waiting;
    private readonly Maintenance _maintenance;
    private readonly Committer _committer;
    private readonly Settlement _settlement;
    private readonly DirectoryHandle _logDirectory;
    private readonly DirectoryHandle _namesDirectory;
    private readonly NameLocks _names;

    private Engine(
        StoreOptions options, RootSet roots, FileLock openLock, SharedState shared, DirectoryHandle logDirectory, DirectoryHandle namesDirectory, CommitLog log, Watermark watermark, Settlement settlement, bool hasRecovered, LockWaiting waiting, EngineEvents events)
    {
        IDurableFileSystem fs = options.FileSystem;
        (Roots, _openLock, _shared, _logDirectory, _waiting, Events) = (roots, openLock, shared, logDirectory, waiting, events);
        (_namesDirectory, _log, _settlement) = (namesDirectory, log, settlement);
        (_fs, _documentBytesMax) = (fs, options.DocumentBytesMax);
        var stager = new Stager(fs, roots);
        var publisher = new Publisher(fs, roots);
        _names = new NameLocks(fs, _namesDirectory, waiting);
        var resolver = new Resolver(fs, roots, _log, stager, publisher, new Sweeper(fs, roots), settlement, events);
        Gates = new SandboxGates(options.IdleSandboxesMax);
        Locker = new SandboxLocker(fs, roots, Gates, _names, waiting, resolver);
        Checkpointer = new Checkpointer(fs, roots, _log, watermark, _names, Locker, resolver, new WholeSyncer(fs, roots, hasRecovered, events), waiting, events);
        _maintenance = new Maintenance(_log, Checkpointer, options, events);
        _committer = new Committer(_log, _maintenance.Nudge);
        Runner = new TransactionRunner(roots, _committer, _names, Locker, waiting, fs, stager, publisher, resolver, settlement, events);
        Reader = new DocumentReader(fs, roots, options.DocumentBytesMax);
    }

    public RootSet Roots { get; }

    public SandboxGates Gates { get; }

    public SandboxLocker Locker { get; }

    public TransactionRunner Runner { get; }

    public DocumentReader Reader { get; }

    public Checkpointer Checkpointer { get; }

    public EngineEvents Events { get; }

    public bool IsFaulted => _log.IsFaulted;

    public static async ValueTask<Engine> OpenAsync(StoreLayout layout, StoreOptions options, CancellationToken cancellation)
    {
        IDurableFileSystem fs = options.FileSystem;
        StoreMetadata.CheckFormat(fs, layout);
        var events = new EngineEvents(options.Logger);
        using var owned = new OwnedParts();
        LockWaiting waiting = owned.Add(new LockWaiting(options.TimeProvider, options.LockTimeout));
        RootSet roots = owned.Add(RootSet.Open(fs, layout));
        DirectoryHandle logDirectory = owned.Add(RootDirectory.OpenOrMake(fs, roots.Config.Metadata, "log"));
        var segments = new LogDirectory(fs, logDirectory, options.SegmentBytes, options.LogBytesMax);
        FileLock openLock = owned.Add(FileLock.Open(fs, roots.Config.Metadata, OpenLockName, waiting));
        SharedState.EnsureLength(fs, openLock.File);
        SharedState shared = owned.Add(new SharedState(fs, openLock.File));
        bool hasRecovered = await JoinAsync(fs, roots, segments, openLock, shared, waiting, events, cancellation).ConfigureAwait(false);
        DirectoryHandle names = owned.Add(RootDirectory.OpenOrMake(fs, roots.Config.Metadata, "names"));
        StoreIdentity identity = new StoreMetadata(fs, roots).Join();
        SharedLock logLock = owned.Add(new SharedLock(FileLock.Open(fs, roots.Config.Metadata, LogLockName, waiting), shared, SharedWord.LogLockWaiting));
        SharedLock syncLock = owned.Add(new SharedLock(FileLock.Open(fs, roots.Config.Metadata, SyncLockName, waiting), shared, SharedWord.SyncLockWaiting));
        var log = owned.Add(new CommitLog(segments, new LogLock(logLock), new SharedSync(syncLock, shared), shared, identity));
        var watermark = new Watermark(fs, roots.Config.Metadata);
        var settlement = new Settlement(log, shared, watermark);
        using (LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false))
        {
            _ = log.LastLsn(hold); // opens the segment now: the kernel tells of a failed write-back only to handles that were open
            settlement.Enter(hold);
        }

        var engine = new Engine(options, roots, openLock, shared, logDirectory, names, log, watermark, settlement, hasRecovered, waiting, events);
        owned.Disown();
        return engine;
    }

    /// <summary>Lets nobody wait for a sandbox any more.</summary>
    public void StopWaiting() => _waiting.Close();

    /// <summary>Closes the store; the last process to do so leaves the documents durable without the log.</summary>
    public async ValueTask DisposeAsync()
    {
        await _maintenance.DisposeAsync().ConfigureAwait(false);
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
            _log.Dispose();
            _names.Dispose();
            _namesDirectory.Dispose();
            _logDirectory.Dispose();
            _shared.Dispose();
            _openLock.Dispose();
            _waiting.Dispose();
            Roots.Dispose();
        }
    }

    private async ValueTask CloseAsync()
    {
        await _settlement.LeaveAsync(CancellationToken.None).ConfigureAwait(false);

        // The change from shared to exclusive may lose the lock: it does not matter here, we have left.
        if (_openLock.TryAcquire(LockMode.Exclusive)
            && await Checkpointer.RunAsync(seal: true, kept: 0, TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false) is { } checkpointed)
        {
            await _settlement.MarkAsync(checkpointed, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <returns>Whether this process has recovered the store, since nobody else had it open.</returns>
    private static async ValueTask<bool> JoinAsync(
        IDurableFileSystem fs, RootSet roots, LogDirectory segments, FileLock openLock, SharedState shared, LockWaiting waiting, EngineEvents events, CancellationToken cancellation)
    {
        bool hasRecovered = false;
        bool joined = await waiting.TryUntilAsync(
            state =>
            {
                if (openLock.TryAcquire(LockMode.Exclusive))
                {
                    // Nobody else has it open. Whatever the file says, recovery is what makes it true.
                    (StoreStatus found, Lives before) = (shared.Status, shared.Lives);
                    if (found != StoreStatus.Faulted)
                    {
                        shared.SetStatus(StoreStatus.Recovering); // "faulted" stays until it is mended
                    }

                    bool isSettled = Recover(fs, roots, segments, shared, found, before, events);
                    shared.StartOver(isSettled);
                    shared.SetStatus(StoreStatus.Open);
                    hasRecovered = true;
                }

                // Also after our own recovery: the change of mode is not atomic, and another may have recovered in between.
                if (!openLock.TryAcquire(LockMode.Shared))
                {
                    return false;
                }

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

        return hasRecovered;
    }

    private static bool Recover(IDurableFileSystem fs, RootSet roots, LogDirectory segments, SharedState shared, StoreStatus found, Lives before, EngineEvents events)
    {
        try
        {
            StoreIdentity identity = new StoreMetadata(fs, roots).Establish();
            var watermark = new Watermark(fs, roots.Config.Metadata);
            return new StoreRecovery(fs, roots, segments, watermark, identity, events).Run(found, before);
        }
        catch (SyncFailedException failure)
        {
            shared.TryFault(); // or the next opener would sync again and believe it
            throw new StorageException("sync during recovery", failure.Path, failure.Errno, failure);
        }
        catch (NotDurableException failure)
        {
            shared.TryFault();
            throw new StorageException("sync during recovery", failure.Path, failure.Errno, failure);
        }
    }
}
