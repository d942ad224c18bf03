using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Checkpoint;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Recovery;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Changes;

/// <summary>The changes of an open store. What a dead process has left is finished as by the checkpoint.</summary>
internal sealed class EngineChanges(
    RootSet roots, CommitLog log, SharedState shared, CommitSignal signal, PublishedSandboxes published, ParkedRecords parked,
    LockWaiting waiting) : IChangeSource
{
    private readonly Visibility _visibility =
        new(roots.FileSystem, roots.Config.Directory, roots.Run.Directory, roots.Run.Metadata);

    public LogDirectory Log => log.Directory;

    public TimeProvider Time => waiting.Time;

    public Lsn Synced => shared.SyncedLsn;

    public CancellationToken Closing => waiting.Closing;

    public void ThrowIfFaulted() => log.Faults.ThrowIfFaulted();

    public async ValueTask<Lsn> FindLastAsync(CancellationToken cancellation)
    {
        using LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false);
        return log.LastLsn(hold);
    }

    public bool Shows(string sandbox, Lsn lsn)
    {
        try
        {
            return _visibility.Shows(sandbox, lsn);
        }
        catch (StorageException)
        {
            return false; // met again when it is to be finished
        }
    }

    public async ValueTask<Publication> FinishAsync(SandboxPlan plan, Lsn lsn, CancellationToken cancellation)
    {
        var sandbox = new DirtySandbox(plan.Sandbox);
        sandbox.Add(plan, lsn);
        SafeStoreException? obstacle = await published.FindObstacleAsync(sandbox, cancellation).ConfigureAwait(false);
        if (obstacle is null)
        {
            return Publication.Done;
        }

        bool lasts = (obstacle is StorageException { Errno: var errno } && ParkedRecords.IsLasting(errno))
            || parked.IsDamageOf(plan.Sandbox, obstacle);
        if (lasts)
        {
            using LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false);
            log.Sync(log.LastLsn(hold), hold); // nothing may be given that a power loss could still take back
        }

        return lasts ? Publication.HeldUp : Publication.UnderWay;
    }

    public Task NextWake() => signal.Next();

    /// <summary>
    /// Waits for the creations that have begun. After that the roots show each sandbox whose creation is in the log up to the LSN that is
    /// returned, unless it is gone again.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The store was closed.</exception>
    public async ValueTask<Lsn> AwaitCreationsAsync(CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, Closing);
        try
        {
            Lsn last = await FindLastAsync(either.Token).ConfigureAwait(false);
            var begun = new List<DirectoryEntry>();
            StorageException.ThrowIfFailed(roots.FileSystem.List(roots.Run.New, begun), "list the directory", roots.Run.New);
            foreach (DirectoryEntry entry in begun.FindAll(static entry => Identifier.IsValid(entry.Name)))
            {
                await AwaitCreationAsync(new DirtySandbox(entry.Name), either.Token).ConfigureAwait(false);
            }

            return last;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ObjectDisposedException("SafeStore.StateStore", "The store was closed during the wait for a creation.");
        }
    }

    /// <summary>Until it has appeared, or is found to have no record.</summary>
    private async ValueTask AwaitCreationAsync(DirtySandbox sandbox, CancellationToken cancellation)
    {
        Task next = signal.Next();
        while (await published.FindObstacleAsync(sandbox, cancellation).ConfigureAwait(false) is LockTimeoutException)
        {
            await next.WaitAsync(cancellation).ConfigureAwait(false);
            next = signal.Next();
        }
    }
}
