using System.Threading;
using System.Threading.Tasks;
using SafeStore.Log;

namespace SafeStore.Transactions;

/// <summary>
/// Tells the next opener of a store that it need not look into every sandbox (docs/commit-protocol.md, "Close"): the store is settled when each process that has had it
/// open since the last recovery has closed it in order, with nothing left half done.
/// </summary>
/// <remarks>A process that dies says nothing, and what is not said costs the next opener a sweep: it counts as unsettled until it has left.</remarks>
internal sealed class Settlement(CommitLog log, SharedState shared, Watermark watermark)
{
    private volatile bool _isDisturbed;

    /// <summary>This process has the store open. Before it stages anything.</summary>
    public void Enter(LogLock.Hold hold)
    {
        _ = hold;
        shared.SetUnsettled(shared.Unsettled + 1);
    }

    /// <summary>
    /// A transaction of this process has failed, or one of another had to be resolved: a lock word may not say "idle", and a call that failed may have made a temp file all the same.
    /// </summary>
    public void Disturb() => _isDisturbed = true;

    /// <summary>
    /// This process stages nothing any more. While open.lock is still held, or it would be counted off among the processes of a later life of the store.
    /// </summary>
    public async ValueTask LeaveAsync(CancellationToken cancellation)
    {
        if (_isDisturbed)
        {
            return;
        }

        using LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false);
        shared.SetUnsettled(shared.Unsettled - 1);
    }

    /// <summary>Marks the store as settled, durably, if it is. The caller holds open.lock exclusively and has made a checkpoint.</summary>
    /// <param name="checkpointed">Up to where the checkpoint went.</param>
    /// <param name="cancellation">Ends the wait for log.lock.</param>
    /// <exception cref="StoreFaultedException">The mark could not be synced.</exception>
    public async ValueTask MarkAsync(Lsn checkpointed, CancellationToken cancellation)
    {
        using LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false);
        if (_isDisturbed || shared.Unsettled != 0 || log.LastLsn(hold) != checkpointed)
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
