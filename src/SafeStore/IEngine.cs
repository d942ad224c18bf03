using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Changes;
using SafeStore.Commit;
using SafeStore.Diagnostics;
using SafeStore.Documents;
using SafeStore.Locking;

namespace SafeStore;

/// <summary>What a store object works with: the engine, or one that only looks at the store.</summary>
internal interface IEngine : IAsyncDisposable
{
    DocumentReader Reader { get; }

    StoreStatistics Statistics { get; }

    StoreTelemetry Telemetry { get; }

    /// <summary>How many durable transactions the documents did not show when the store was opened; null if that is not known.</summary>
    long? PendingTransactions { get; }

    bool IsJournaled { get; }

    bool IsFaulted { get; }

    /// <exception cref="StoreReadOnlyException">It only looks.</exception>
    TransactionRunner Runner { get; }

    /// <summary>Locks a sandbox, or takes the turn for a new one.</summary>
    /// <exception cref="StoreReadOnlyException">It only looks, and the lock is not a shared one.</exception>
    ValueTask<SandboxHold> LockAsync(SandboxTarget target, LockMode mode, TimeSpan timeout, CancellationToken cancellation);

    /// <summary>Locks a sandbox to remove it, also one with transactions that cannot be finished.</summary>
    /// <exception cref="StoreReadOnlyException">It only looks.</exception>
    ValueTask<SandboxHold> LockToRemoveAsync(string sandbox, TimeSpan timeout, CancellationToken cancellation);

    /// <exception cref="StoreReadOnlyException">It only looks.</exception>
    ValueTask<Lsn> CheckpointAsync(CancellationToken cancellation);

    /// <summary>Gives each sandbox whose lock file a copy of the store shares, by a hard link, one of its own; tells which.</summary>
    /// <exception cref="StoreReadOnlyException">It only looks.</exception>
    IReadOnlyList<string> SeparateLockFiles();

    /// <summary>Reads the committed changes in order.</summary>
    /// <param name="from">The first to give; null for what is committed from now on.</param>
    ChangeReader ReadChanges(Lsn? from);

    /// <summary>Waits until the roots show each sandbox whose creation is in the log up to the LSN that is returned.</summary>
    /// <exception cref="StoreReadOnlyException">It only looks.</exception>
    ValueTask<Lsn> AwaitCreationsAsync(CancellationToken cancellation);

    /// <summary>Ends all waits for sandboxes and changes.</summary>
    void StopWaiting();
}
