using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Vocabulary;

namespace SafeStore.Commit;

/// <summary>
/// Tells the next opener of a store that it need not look into every sandbox (docs/commit-protocol.md, "Close"): the store is settled when each process that has had it
/// open since the last recovery has closed it in order, and none has had to take anything back.
/// </summary>
/// <remarks>A process that dies says nothing, and what is not said costs the next opener a sweep.</remarks>
internal sealed class Settlement(CommitLog log, SharedState shared, Watermark watermark)
{
    private volatile bool _isDisturbed;
    private volatile bool _isUntold;

    /// <summary>This process has the store open. Before it stages anything.</summary>
    public void Enter(LogLock.Hold hold)
    {
        _ = hold;
        shared.SetOpenLives(shared.Lives.Open + 1);
    }

    /// <summary>
    /// Something that was staged is about to be removed, here or for a dead process. Whoever dies in that may have removed it and not synced that, and a call that failed may have made a temp file all the
    /// same: so nobody calls the store settled, and who recovers it after a death syncs all it finds.
    /// </summary>
    /// <exception cref="StorageException">It could not be told: then nothing may be removed.</exception>
    public void Disturb()
    {
        if (!_isDisturbed)
        {
            _isUntold = true;
            shared.Disturb();
            (_isDisturbed, _isUntold) = (true, false);
        }
    }

    /// <summary>As <see cref="Disturb"/>; false if it could not be told.</summary>
    public bool TryDisturb()
    {
        try
        {
            Disturb();
            return true;
        }
        catch (StorageException)
        {
            return false; // a failure is being told already
        }
    }

    /// <summary>
    /// This process stages nothing any more. While open.lock is still held, or it would be counted off among the processes of a later life of the store.
    /// </summary>
    public async ValueTask LeaveAsync(CancellationToken cancellation)
    {
        if (_isUntold)
        {
            return; // as if it had died, which is what it was to tell
        }

        using LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false);
        shared.SetOpenLives(shared.Lives.Open - 1);
    }

    /// <summary>Marks the store as settled, durably, if it is. The caller holds open.lock exclusively and has made a checkpoint.</summary>
    /// <param name="checkpointed">Up to where the checkpoint went.</param>
    /// <param name="cancellation">Ends the wait for log.lock.</param>
    /// <exception cref="StoreFaultedException">The mark could not be synced.</exception>
    public async ValueTask MarkAsync(Lsn checkpointed, CancellationToken cancellation)
    {
        using LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false);
        if (shared.Lives != default || log.LastLsn(hold) != checkpointed)
        {
            return;
        }

        try
        {
            watermark.Settle(checkpointed);
        }
        catch (SyncFailedException failure)
        {
            throw log.Fault(failure.Path, failure.Errno);
        }
    }
}
