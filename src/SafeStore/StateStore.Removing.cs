using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Diagnostics;
using SafeStore.Locking;
using SafeStore.Vocabulary;

namespace SafeStore;

/// <content>Removing a sandbox that need not be usable any more.</content>
public sealed partial class StateStore
{
    /// <summary>
    /// Locks a sandbox and removes it, also one that cannot be locked otherwise, because a transaction of it cannot be finished: the
    /// removal ends what was not.
    /// </summary>
    /// <param name="sandbox">Its id.</param>
    /// <param name="timeout">How long to wait for its lock; null for <see cref="StoreOptions.LockTimeout"/>.</param>
    /// <param name="cancellationToken">Honoured until the removal is put into the log.</param>
    /// <returns>The LSN of the removal.</returns>
    /// <exception cref="ArgumentException">The id is not allowed, or the time-out is negative.</exception>
    /// <exception cref="NotFoundException">The sandbox does not exist.</exception>
    /// <exception cref="PendingIntentsException">
    /// Something is to be undone in it. (If its last transaction cannot be published, what the record's file says counts.)
    /// </exception>
    /// <exception cref="LockTimeoutException">A lock was not free in time.</exception>
    /// <exception cref="LockAlreadyHeldException">This flow of execution holds the lock already.</exception>
    /// <exception cref="CommitNotPublishedException">
    /// The removal is durable, and something is in the way of the directory itself; it goes when that is mended.
    /// </exception>
    /// <exception cref="StoreReadOnlyException">The store was opened to be looked at only.</exception>
    /// <exception cref="StoreFaultedException">A sync failed, here or earlier.</exception>
    /// <exception cref="StorageException">The operating system refused a step, and nothing was changed.</exception>
    public ValueTask<Lsn> RemoveSandboxAsync(string sandbox, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        RemoveSandboxAsync(sandbox, timeout, static change => change.RemoveSandbox(), cancellationToken);

    /// <summary>
    /// As <see cref="RemoveSandboxAsync(string, TimeSpan?, CancellationToken)"/>, but also a sandbox in which something is still to be
    /// undone, or may be: nothing will undo that.
    /// </summary>
    /// <inheritdoc cref="RemoveSandboxAsync(string, TimeSpan?, CancellationToken)"/>
    public ValueTask<Lsn> RemoveSandboxAndForgetIntentsAsync(
        string sandbox, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        RemoveSandboxAsync(sandbox, timeout, static change => change.ForgetIntents().RemoveSandbox(), cancellationToken);

    private ValueTask<Lsn> RemoveSandboxAsync(
        string sandbox, TimeSpan? timeout, Func<SandboxChange, SandboxChange> removal, CancellationToken cancellation)
    {
        Identifier.CheckSandbox(sandbox, nameof(sandbox));
        TimeSpan wait = TimeoutOf(timeout);
        HeldLocks.Link link = _held.Announce(sandbox);
        return RemoveSandboxAsync(sandbox, wait, removal, link, cancellation);
    }

    private async ValueTask<Lsn> RemoveSandboxAsync(
        string sandbox, TimeSpan timeout, Func<SandboxChange, SandboxChange> removal, HeldLocks.Link link, CancellationToken cancellation)
    {
        try
        {
            using OpenLocks.Call use = _open.Use();
            using SandboxHold hold = await LockToRemoveAsync(sandbox, timeout, cancellation).ConfigureAwait(false);
            return await removal(NewTransaction([hold]).For(sandbox)).CommitAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            link.Release();
        }
    }

    private async ValueTask<SandboxHold> LockToRemoveAsync(string sandbox, TimeSpan timeout, CancellationToken cancellation)
    {
        using Observation? taking = _engine.Telemetry.Lock(sandbox, 1, LockMode.Exclusive);
        try
        {
            return await _engine.LockToRemoveAsync(sandbox, timeout, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            taking?.Fail(failure);
            throw;
        }
    }
}
