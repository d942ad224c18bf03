using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Changes;
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

/// <summary>
/// A store that is only looked at. It holds nothing that keeps another process from recovering the store: the <em>open</em> lock, shared,
/// would, and would let the next opener join a life that has ended.
/// </summary>
internal sealed class ReadOnlyEngine : IEngine
{
    private readonly RootSet _roots;
    private readonly StoreOptions _options;
    private readonly LockWaiting _waiting;
    private readonly ReaderLocker _locker;

    private ReadOnlyEngine(RootSet roots, StoreLayout layout, StoreOptions options, long? pending)
    {
        _roots = roots;
        _options = options;
        _waiting = new LockWaiting(options.TimeProvider, options.LockTimeout);
        _locker = new ReaderLocker(roots, _waiting);
        Telemetry = new StoreTelemetry(layout.Config, options);
        PendingTransactions = pending;
        Reader = new DocumentReader(roots.FileSystem, roots, options);
    }

    public DocumentReader Reader { get; }

    public StoreStatistics Statistics { get; } = new(0, 0, 0, 0, 0);

    public StoreTelemetry Telemetry { get; }

    public long? PendingTransactions { get; }

    public bool IsJournaled => _roots.AreJournaled;

    /// <summary>As far as the words may be read.</summary>
    public bool IsFaulted => LookedChanges.IsFaulted(_roots.FileSystem, _roots.Run.Metadata);

    public TransactionRunner Runner => throw new StoreReadOnlyException("begin a transaction");

    /// <exception cref="NotFoundException">There is no store.</exception>
    public static ReadOnlyEngine Open(StoreLayout layout, StoreOptions options)
    {
        using var owned = new OwnedParts();
        RootSet roots = owned.Add(RootSet.OpenToLook(options.FileSystemInUse, layout));
        StoreIdentity identity = new StoreMetadata(roots).Look();
        var events = new EngineEvents(options.Logger, new StoreTelemetry(layout.Config, options));
        foreach (DirectoryHandle directory in roots.InOrderOfRemoval.SelectMany(static root => new[] { root.Directory, root.Metadata }))
        {
            if (RootModes.FindFault(roots.FileSystem, directory, options) is { } fault)
            {
                events.WritableByOthers(directory.Path, fault);
            }
        }

        var engine = new ReadOnlyEngine(roots, layout, options, CountPending(roots, identity, options)?.All);
        owned.Disown();
        return engine;
    }

    public ValueTask<SandboxHold> LockToRemoveAsync(string sandbox, TimeSpan timeout, CancellationToken cancellation) =>
        throw new StoreReadOnlyException("remove a sandbox");

    public async ValueTask<SandboxHold> LockAsync(
        SandboxTarget target, LockMode mode, TimeSpan timeout, CancellationToken cancellation) =>
        target.IsNew || mode != LockMode.Shared ? throw new StoreReadOnlyException($"lock the sandbox '{target.Id}' for a change")
            : await _locker.ShareAsync(target.Id, timeout, cancellation).ConfigureAwait(false);

    public ValueTask<Lsn> CheckpointAsync(CancellationToken cancellation) => throw new StoreReadOnlyException("make a checkpoint");

    public IReadOnlyList<string> SeparateLockFiles() => throw new StoreReadOnlyException("give sandboxes lock files of their own");

    public ChangeReader ReadChanges(Lsn? from)
    {
        var looked = new LookedChanges(
            _options, (_roots.Config.Directory, _roots.Config.Metadata), (_roots.Run.Directory, _roots.Run.Metadata))
        {
            Closing = _waiting.Closing,
        };
        return new ChangeReader(looked, from, looked);
    }

    public ValueTask<Lsn> AwaitCreationsAsync(CancellationToken cancellation) =>
        throw new StoreReadOnlyException("list all and go on from there");

    public void StopWaiting() => _waiting.Close();

    public ValueTask DisposeAsync()
    {
        _waiting.Dispose();
        _roots.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>A log that may not be read, or is damaged, does not hide the documents.</summary>
    internal static PendingCount? CountPending(RootSet roots, StoreIdentity identity, StoreOptions options)
    {
        var events = new EngineEvents(options.Logger, new StoreTelemetry(roots.Config.Directory.Path, options));
        try
        {
            DirectoryHandle metadata = roots.Config.Metadata;
            StorageException.ThrowIfFailed(
                roots.FileSystem.OpenDirectory(metadata, LogDirectory.DirectoryName, out DirectoryHandle? directory), "open the log",
                metadata, LogDirectory.DirectoryName);
            using (directory)
            {
                var log = new LogDirectory(roots.FileSystem, directory!, options.SegmentBytes, options.LogBytesMax);
                UnlockedReading reading = UnlockedLog.Read(log, new Watermark(roots.FileSystem, metadata), identity.Store);
                var parked = new ParkedRecords(roots, new Watermarks(roots), log.BytesMax);
                PendingCount? pending =
                    reading.Contents is { } contents ? new PendingTransactions(roots, identity).Count(contents, log.Path, parked) : null;
                events.LookedAt(pending?.All, reading.Damage);
                return pending;
            }
        }
        catch (Exception failure) when (failure is StorageException or LogCorruptException or StoreFormatException)
        {
            events.LookedAt(null, failure);
            return null;
        }
    }
}
