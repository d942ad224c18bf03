using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Diagnostics;
using SafeStore.Locking;
using SafeStore.Vocabulary;

namespace SafeStore;

/// <content>The locks of sandboxes.</content>
public sealed partial class StateStore
{
    /// <summary>
    /// Locks an existing sandbox. Whatever a dead process left half done in it is finished or undone first. Waiters of this process are
    /// served in order; other programs interlock by flock(2) on <c>(run root)/(sandbox)/lock</c>.
    /// </summary>
    /// <param name="sandbox">Its id.</param>
    /// <param name="mode">Exclusive for changing it, shared for reading several documents at one point in time.</param>
    /// <param name="timeout">How long to wait; null for <see cref="StoreOptions.LockTimeout"/>, zero for a single try.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">The id is not allowed, there is no such mode, or the time-out is negative.</exception>
    /// <exception cref="NotFoundException">The sandbox does not exist.</exception>
    /// <exception cref="LockTimeoutException">The time is up; it names the holder if the kernel tells.</exception>
    /// <exception cref="LockAlreadyHeldException">This flow of execution holds the lock already.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="StoreFaultedException">The sandbox must be resolved first, and the store is faulted.</exception>
    /// <exception cref="StoreReadOnlyException">The store is read-only, and the lock not shared.</exception>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    public ValueTask<SandboxLock> LockAsync(
        string sandbox, LockMode mode = LockMode.Exclusive, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        Identifier.CheckSandbox(sandbox, nameof(sandbox));
        CheckMode(mode);
        TimeSpan wait = TimeoutOf(timeout);
        HeldLocks.Link link = _held.Announce(sandbox); // here, in the caller's own context
        return LockOneAsync(new SandboxTarget(sandbox, IsNew: false), mode, wait, link, cancellationToken);
    }

    /// <summary><see cref="LockAsync"/> for callers that are synchronous: the thread waits for the lock.</summary>
    /// <inheritdoc cref="LockAsync"/>
    public SandboxLock Lock(
        string sandbox, LockMode mode = LockMode.Exclusive, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Blocking.Wait(() => LockAsync(sandbox, mode, timeout, cancellationToken));

    /// <summary>
    /// Takes the turn for a sandbox that does not exist, to create it: a change made with this lock creates it, complete, when it commits.
    /// </summary>
    /// <param name="sandbox">Its id.</param>
    /// <param name="timeout">How long to wait for other flows of this process; null for <see cref="StoreOptions.LockTimeout"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">The id is not allowed, or the time-out is negative.</exception>
    /// <exception cref="AlreadyExistsException">
    /// The sandbox exists. (Another process may still create it before the commit, which then fails so.)
    /// </exception>
    /// <exception cref="LockTimeoutException">The time is up.</exception>
    /// <exception cref="LockAlreadyHeldException">This flow of execution holds the lock already.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    public ValueTask<SandboxLock> LockNewAsync(string sandbox, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        Identifier.CheckSandbox(sandbox, nameof(sandbox));
        TimeSpan wait = TimeoutOf(timeout);
        HeldLocks.Link link = _held.Announce(sandbox);
        return LockOneAsync(new SandboxTarget(sandbox, IsNew: true), LockMode.Exclusive, wait, link, cancellationToken);
    }

    /// <summary>
    /// Locks a sandbox if it exists, as <see cref="LockAsync"/> does, or takes the turn for a new one, as <see cref="LockNewAsync"/> does;
    /// <see cref="SandboxLock.IsNew"/> tells which. If another process creates or removes it meanwhile, it is tried again.
    /// </summary>
    /// <param name="sandbox">Its id.</param>
    /// <param name="timeout">How long to wait; null for <see cref="StoreOptions.LockTimeout"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">The id is not allowed, or the time-out is negative.</exception>
    /// <exception cref="LockTimeoutException">The time is up; it names the holder if the kernel tells.</exception>
    /// <exception cref="LockAlreadyHeldException">This flow of execution holds the lock already.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="StoreFaultedException">The sandbox must be resolved first, and the store is faulted.</exception>
    /// <exception cref="StoreReadOnlyException">The store is read-only.</exception>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    public ValueTask<SandboxLock> LockOrCreateAsync(
        string sandbox, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        Identifier.CheckSandbox(sandbox, nameof(sandbox));
        TimeSpan wait = TimeoutOf(timeout);
        HeldLocks.Link link = _held.Announce(sandbox);
        return LockOrCreateAsync(sandbox, new Deadline(_options.TimeProvider, wait), link, cancellationToken);
    }

    /// <summary><see cref="LockOrCreateAsync(string, TimeSpan?, CancellationToken)"/> for callers that are synchronous.</summary>
    /// <inheritdoc cref="LockOrCreateAsync(string, TimeSpan?, CancellationToken)"/>
    public SandboxLock LockOrCreate(string sandbox, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Blocking.Wait(() => LockOrCreateAsync(sandbox, timeout, cancellationToken));

    /// <summary>
    /// Begins an owner of locks in this process: all that is locked until its disposal, by the caller, what it calls and the tasks it
    /// starts, belongs to it. An owner that locks a sandbox twice is refused at once, also through async methods of the program's own;
    /// time-outs of others name its label. Parallel branches of one owner that lock the same sandbox are refused too: begin one in each.
    /// Owners nest.
    /// </summary>
    /// <param name="label">What it is doing: "create sb-1" for instance. It is shown as it is.</param>
    /// <returns>What to dispose at the end, in the method that began it.</returns>
    /// <exception cref="ArgumentException">The label is blank.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public IDisposable BeginOwner(string label)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(label);
        _open.ThrowIfClosed();
        return _held.Begin(label);
    }

    /// <summary>
    /// Locks an existing sandbox, lets a method change it, commits that and releases the lock. If the method throws, nothing is changed.
    /// </summary>
    /// <param name="sandbox">Its id.</param>
    /// <param name="change">What to change: it reads by the lock and makes its edits in the change. It does not commit.</param>
    /// <param name="timeout">How long to wait for the lock; null for <see cref="StoreOptions.LockTimeout"/>.</param>
    /// <param name="cancellationToken">Ends the wait, and is honoured until the transaction is put into the log.</param>
    /// <returns>The transaction's LSN; without any edit, the sandbox's version.</returns>
    /// <remarks>It throws what <see cref="LockAsync"/>, the method and <see cref="SandboxChange.CommitAsync"/> throw.</remarks>
    public ValueTask<Lsn> UpdateAsync(
        string sandbox, Action<SandboxLock, SandboxChange> change, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        return UpdateAsync(
            sandbox,
            (held, edits) =>
            {
                change(held, edits);
                return Task.CompletedTask;
            },
            timeout, cancellationToken);
    }

    /// <summary>As <see cref="UpdateAsync(string, Action{SandboxLock, SandboxChange}, TimeSpan?, CancellationToken)"/>.</summary>
    /// <inheritdoc cref="UpdateAsync(string, Action{SandboxLock, SandboxChange}, TimeSpan?, CancellationToken)"/>
    public async ValueTask<Lsn> UpdateAsync(
        string sandbox, Func<SandboxLock, SandboxChange, Task> change, TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        await using SandboxLock held = await LockAsync(sandbox, LockMode.Exclusive, timeout, cancellationToken).ConfigureAwait(false);
        SandboxChange edits = held.Change();
        try
        {
            await change(held, edits).ConfigureAwait(false);
        }
        catch
        {
            edits.Abandon();
            throw;
        }

        return await edits.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Locks several sandboxes, in one fixed order so that none waits in a circle, for one transaction over all of them or one point in
    /// time.
    /// </summary>
    /// <param name="sandboxes">The sandboxes, existing or new, each once.</param>
    /// <param name="mode">How; new ones need an exclusive lock.</param>
    /// <param name="timeout">How long to wait for each; null for <see cref="StoreOptions.LockTimeout"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">
    /// There is none, one twice, a new one with a shared lock, an id that is not allowed, no such mode, or a negative time-out.
    /// </exception>
    /// <exception cref="NotFoundException">One does not exist; none is locked.</exception>
    /// <exception cref="AlreadyExistsException">A new one exists; none is locked.</exception>
    /// <exception cref="LockTimeoutException">The time is up; none is locked.</exception>
    /// <exception cref="LockAlreadyHeldException">This flow of execution holds one of them already.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; none is locked.</exception>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    public ValueTask<SandboxLocks> LockManyAsync(
        IEnumerable<SandboxTarget> sandboxes, LockMode mode = LockMode.Exclusive, TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sandboxes);
        CheckMode(mode);
        SandboxTarget[] targets = [.. sandboxes.OrderBy(static target => target.Id, StringComparer.Ordinal)];
        for (int i = 0; i < targets.Length; i++)
        {
            Identifier.CheckSandbox(targets[i].Id, nameof(sandboxes));
            if ((i > 0 && targets[i].Id == targets[i - 1].Id) || (targets[i].IsNew && mode == LockMode.Shared))
            {
                throw new ArgumentException(
                    $"The sandbox '{targets[i].Id}' is named twice, or is new and to be shared.", nameof(sandboxes));
            }
        }

        if (targets.Length == 0)
        {
            throw new ArgumentException("Name at least one sandbox.", nameof(sandboxes));
        }

        TimeSpan wait = TimeoutOf(timeout);
        HeldLocks.Link[] links = _held.Announce(Array.ConvertAll(targets, static target => target.Id));
        return LockAllAsync(targets, mode, wait, links, cancellationToken);
    }

    private async ValueTask<SandboxLock> LockOneAsync(
        SandboxTarget target, LockMode mode, TimeSpan timeout, HeldLocks.Link link, CancellationToken cancellation)
    {
        using Observation? taking = _engine.Telemetry.Lock(target.Id, 1, mode);
        try
        {
            using OpenLocks.Call use = _open.Use();
            SandboxHold hold = await _engine.LockAsync(target, mode, timeout, cancellation).ConfigureAwait(false);
            return Taken(hold, link);
        }
        catch (Exception failure)
        {
            taking?.Fail(failure);
            link.Release();
            throw;
        }
    }

    private async ValueTask<SandboxLock> LockOrCreateAsync(
        string sandbox, Deadline deadline, HeldLocks.Link link, CancellationToken cancellation)
    {
        using Observation? taking = _engine.Telemetry.Lock(sandbox, 1, LockMode.Exclusive);
        try
        {
            using OpenLocks.Call use = _open.Use();
            while (true)
            {
                var target = new SandboxTarget(sandbox, IsNew: !_engine.Reader.HasDirectory(sandbox));
                try
                {
                    SandboxHold hold =
                        await _engine.LockAsync(target, LockMode.Exclusive, deadline.Remaining, cancellation).ConfigureAwait(false);
                    return Taken(hold, link);
                }
                catch (SafeStoreException race) when (race is NotFoundException or AlreadyExistsException)
                {
                    if (deadline.Remaining == TimeSpan.Zero) // otherwise look again
                    {
                        throw new LockTimeoutException(
                            $"{Layout.Run}/{sandbox}/{Identifier.LockFile}", deadline.Total, [],
                            "a process that has created or removed the sandbox meanwhile");
                    }
                }
            }
        }
        catch (Exception failure)
        {
            taking?.Fail(failure);
            link.Release();
            throw;
        }
    }

    private SandboxLock Taken(SandboxHold hold, HeldLocks.Link link)
    {
        hold.Own(link);
        return _open.Add(new SandboxLock(this, _open, hold, link));
    }

    private async ValueTask<SandboxLocks> LockAllAsync(
        SandboxTarget[] targets, LockMode mode, TimeSpan timeout, HeldLocks.Link[] links, CancellationToken cancellation)
    {
        var locks = new List<SandboxLock>();
        using Observation? taking = _engine.Telemetry.Lock(targets.Length == 1 ? targets[0].Id : null, targets.Length, mode);
        try
        {
            using OpenLocks.Call use = _open.Use();
            for (int i = 0; i < targets.Length; i++)
            {
                SandboxHold hold = await _engine.LockAsync(targets[i], mode, timeout, cancellation).ConfigureAwait(false);
                locks.Add(Taken(hold, links[i]));
            }

            return new SandboxLocks(this, locks);
        }
        catch (Exception failure)
        {
            taking?.Fail(failure);
            Array.ForEach(links, static link => link.Release());
            locks.ForEach(static held => held.Release());
            throw;
        }
    }

    private static void CheckMode(LockMode mode)
    {
        if (mode is not (LockMode.Shared or LockMode.Exclusive))
        {
            throw new ArgumentOutOfRangeException(nameof(mode), mode, "A lock is shared or exclusive.");
        }
    }

    private TimeSpan TimeoutOf(TimeSpan? timeout)
    {
        _open.ThrowIfClosed();
        StoreOptions.CheckTime(timeout ?? TimeSpan.Zero, nameof(timeout));
        return timeout ?? _options.LockTimeout;
    }
}
