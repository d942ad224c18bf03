using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Sandboxes;

/// <content>Locks.</content>
public sealed partial class SandboxStore
{
    /// <summary>
    /// Takes the turn for a sandbox that does not exist, to create it step by step: record each side effect before it is made, then commit
    /// the transaction that fills and completes the sandbox. What a creation of the same id has left that died half way is undone first.
    /// </summary>
    /// <param name="sandbox">Its id.</param>
    /// <param name="timeout">How long to wait for other callers with this id; null for <see cref="StoreOptions.LockTimeout"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">The id is not allowed.</exception>
    /// <exception cref="AlreadyExistsException">The sandbox exists.</exception>
    /// <exception cref="UndoFailedException">What an earlier creation of this id left could not be undone.</exception>
    /// <exception cref="LockTimeoutException">The time is up.</exception>
    /// <exception cref="LockAlreadyHeldException">This flow of execution holds the lock already.</exception>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    public ValueTask<ModelLock> LockNewAsync(
        string sandbox, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        StartNewAsync(Store.LockNewAsync(sandbox, timeout, cancellationToken), sandbox, timeout, cancellationToken);

    /// <summary>
    /// Locks an existing sandbox. Before an exclusive lock is handed out, transactions that a dead process left half done are finished or
    /// undone, intents that were not completed are undone, newest first, and temp files of dead owners are removed. A shared lock, for
    /// reading several documents at one point in time, undoes and changes nothing. Programs that are not SafeStore interlock by flock(2)
    /// on the <c>lock</c> file.
    /// </summary>
    /// <param name="sandbox">Its id.</param>
    /// <param name="mode">How.</param>
    /// <param name="timeout">How long to wait; null for <see cref="StoreOptions.LockTimeout"/>, zero for a single try.</param>
    /// <param name="intents">Whether an exclusive lock undoes what was not completed.</param>
    /// <param name="cancellationToken">Ends the wait; also given to the undo handlers.</param>
    /// <exception cref="ArgumentException">The id is not allowed, the time-out is negative, or there is no such choice.</exception>
    /// <exception cref="NotFoundException">The sandbox does not exist, or was only being made when its maker died.</exception>
    /// <exception cref="UndoFailedException">An undo handler failed or is missing; the sandbox is not locked.</exception>
    /// <exception cref="LockTimeoutException">The time is up; it names the holder if the kernel tells.</exception>
    /// <exception cref="LockAlreadyHeldException">This flow of execution holds the lock already.</exception>
    /// <exception cref="DocumentCorruptException">
    /// The record of the intents is damaged; lock with <see cref="PendingIntents.Keep"/> to remove the sandbox or to forget the record.
    /// </exception>
    /// <exception cref="DocumentTooLargeException">It is larger than a document may be; likewise.</exception>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    public ValueTask<ModelLock> LockAsync(
        string sandbox, LockMode mode = LockMode.Exclusive, TimeSpan? timeout = null, PendingIntents intents = PendingIntents.Undo,
        CancellationToken cancellationToken = default)
    {
        CheckIntents(intents);
        return StartAsync(
            Store.LockAsync(sandbox, mode, timeout, cancellationToken), () => Store.LockAsync(sandbox, mode, timeout, cancellationToken),
            intents, cancellationToken);
    }

    /// <summary>
    /// <see cref="LockAsync"/> for callers that are synchronous: the thread waits for the lock, and for what is undone before it. Undo
    /// handlers do not see the caller's synchronization context.
    /// </summary>
    /// <inheritdoc cref="LockAsync"/>
    public ModelLock Lock(
        string sandbox, LockMode mode = LockMode.Exclusive, TimeSpan? timeout = null, PendingIntents intents = PendingIntents.Undo,
        CancellationToken cancellationToken = default) =>
        Blocking.Wait(() => LockAsync(sandbox, mode, timeout, intents, cancellationToken));

    /// <summary>
    /// Locks a sandbox exclusively if it exists, as <see cref="LockAsync"/> does, or takes the turn for a new one, as
    /// <see cref="LockNewAsync"/> does; <see cref="ModelLock.IsNew"/> tells which. What was not completed in it is undone first; one that
    /// was only being made when its maker died is new.
    /// </summary>
    /// <param name="sandbox">Its id.</param>
    /// <param name="timeout">How long to wait; null for <see cref="StoreOptions.LockTimeout"/>.</param>
    /// <param name="cancellationToken">Ends the wait; also given to the undo handlers.</param>
    /// <exception cref="ArgumentException">The id is not allowed, or the time-out is negative.</exception>
    /// <exception cref="UndoFailedException">An undo handler failed or is missing; the sandbox is not locked.</exception>
    /// <exception cref="LockTimeoutException">The time is up; it names the holder if the kernel tells.</exception>
    /// <exception cref="LockAlreadyHeldException">This flow of execution holds the lock already.</exception>
    /// <exception cref="DocumentCorruptException">The record of the intents is damaged.</exception>
    /// <exception cref="DocumentTooLargeException">It is larger than a document may be.</exception>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    public ValueTask<ModelLock> LockOrCreateAsync(
        string sandbox, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        StartAsync(
            Store.LockOrCreateAsync(sandbox, timeout, cancellationToken),
            () => Store.LockOrCreateAsync(sandbox, timeout, cancellationToken), PendingIntents.Undo, cancellationToken);

    /// <summary><see cref="LockOrCreateAsync"/> for callers that are synchronous, as <see cref="Lock"/> is.</summary>
    /// <inheritdoc cref="LockOrCreateAsync"/>
    public ModelLock LockOrCreate(string sandbox, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Blocking.Wait(() => LockOrCreateAsync(sandbox, timeout, cancellationToken));

    /// <summary>
    /// Locks several sandboxes, in one fixed order so that none waits in a circle, for one transaction over all of them or one point in
    /// time. Each is undone first as <see cref="LockAsync"/> and <see cref="LockNewAsync"/> do it.
    /// </summary>
    /// <param name="sandboxes">The sandboxes, existing or new, each once.</param>
    /// <param name="mode">How; new ones need an exclusive lock.</param>
    /// <param name="timeout">How long to wait for each; null for <see cref="StoreOptions.LockTimeout"/>.</param>
    /// <param name="intents">Whether exclusive locks undo what was not completed.</param>
    /// <param name="cancellationToken">Ends the wait; also given to the undo handlers.</param>
    /// <exception cref="ArgumentException">
    /// There is none, one twice, a new one with a shared lock, an id that is not allowed, no such choice, or a negative time-out.
    /// </exception>
    /// <exception cref="NotFoundException">One does not exist, or was only being made when its maker died; none is locked.</exception>
    /// <exception cref="AlreadyExistsException">A new one exists; none is locked.</exception>
    /// <exception cref="UndoFailedException">An undo handler failed or is missing; none is locked.</exception>
    /// <exception cref="LockTimeoutException">The time is up; none is locked.</exception>
    /// <exception cref="LockAlreadyHeldException">This flow of execution holds one of them already.</exception>
    /// <exception cref="DocumentCorruptException">The record of the intents of one is damaged; none is locked.</exception>
    /// <exception cref="DocumentTooLargeException">It is larger than a document may be; likewise.</exception>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    public ValueTask<ModelLocks> LockManyAsync(
        IEnumerable<SandboxTarget> sandboxes, LockMode mode = LockMode.Exclusive, TimeSpan? timeout = null,
        PendingIntents intents = PendingIntents.Undo, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sandboxes);
        CheckIntents(intents);
        SandboxTarget[] targets = [.. sandboxes];
        return StartManyAsync(
            Store.LockManyAsync(targets, mode, timeout, cancellationToken), targets, mode, timeout, intents, cancellationToken);
    }

    /// <summary>Begins an owner of locks in this process: <see cref="StateStore.BeginOwner"/>.</summary>
    /// <param name="label">What it is doing: "create sb-1" for instance.</param>
    /// <returns>What to dispose at the end, in the method that began it.</returns>
    public IDisposable BeginOwner(string label) => Store.BeginOwner(label);

    private static void CheckIntents(PendingIntents intents)
    {
        if (intents is not (PendingIntents.Undo or PendingIntents.Keep))
        {
            throw new ArgumentOutOfRangeException(nameof(intents), intents, "Intents are undone or kept.");
        }
    }

    // The locks above are asked for in the caller's own flow of execution, which is where they are noted as held
    // (LockAlreadyHeldException): what an async method notes ends with it. A turn that comes after an undo is not noted.
    private async ValueTask<ModelLock> StartNewAsync(
        ValueTask<SandboxLock> turn, string sandbox, TimeSpan? timeout, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return StartNew(await turn.ConfigureAwait(false));
            }
            catch (AlreadyExistsException) when (IsBeingCreated(sandbox))
            {
                // Its maker is at work, and we wait for it; or it is dead, and we undo what it did.
                await UndoLeftCreationAsync(sandbox, timeout, cancellation).ConfigureAwait(false);
            }

            turn = Store.LockNewAsync(sandbox, timeout, cancellation);
        }
    }

    private async ValueTask<ModelLock> StartAsync(
        ValueTask<SandboxLock> turn, Func<ValueTask<SandboxLock>> again, PendingIntents intents, CancellationToken cancellation)
    {
        while (true)
        {
            SandboxLock held = await turn.ConfigureAwait(false);
            try
            {
                if (await TryStartAsync(held, intents, cancellation).ConfigureAwait(false) is { } started)
                {
                    return started;
                }
            }
            catch
            {
                await held.DisposeAsync().ConfigureAwait(false);
                throw;
            }

            // the next turn says that it does not exist, or finds a new one
            await held.DisposeAsync().ConfigureAwait(false);
            turn = again();
        }
    }

    private async ValueTask<ModelLocks> StartManyAsync(
        ValueTask<SandboxLocks> turn, SandboxTarget[] targets, LockMode mode, TimeSpan? timeout, PendingIntents intents,
        CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                SandboxLocks held = await turn.ConfigureAwait(false);
                if (await TryStartAllAsync(held, intents, cancellation).ConfigureAwait(false) is { } started)
                {
                    return started;
                }
            }
            catch (AlreadyExistsException failure) when (Array.Exists(targets, target => target.IsNew && target.Id == failure.Id)
                && IsBeingCreated(failure.Id))
            {
                await UndoLeftCreationAsync(failure.Id, timeout, cancellation).ConfigureAwait(false);
            }

            turn = Store.LockManyAsync(targets, mode, timeout, cancellation);
        }
    }

    private async ValueTask<ModelLocks?> TryStartAllAsync(
        SandboxLocks held, PendingIntents intents, CancellationToken cancellation)
    {
        var started = new List<ModelLock>();
        try
        {
            foreach (SandboxLock each in held.Locks)
            {
                if (await TryStartAsync(each, intents, cancellation).ConfigureAwait(false) is not { } one)
                {
                    await held.DisposeAsync().ConfigureAwait(false);
                    return null;
                }

                started.Add(one);
            }

            return new ModelLocks(held, started);
        }
        catch
        {
            await held.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private ModelLock StartNew(SandboxLock held) => new(held, Model, IntentLedger.OfNew(held, Model, _undo, _time), _temp);

    /// <summary>Null if the sandbox was only being made, and is gone with its last intent.</summary>
    private async ValueTask<ModelLock?> TryStartAsync(SandboxLock held, PendingIntents intents, CancellationToken cancellation)
    {
        if (held.IsNew)
        {
            return StartNew(held);
        }

        if (held.Mode == LockMode.Shared)
        {
            return new ModelLock(held, Model, null, _temp);
        }

        var ledger = IntentLedger.OfExisting(held, Model, _undo, _time);
        if (intents == PendingIntents.Undo)
        {
            if (await ledger.UndoAsync(cancellation).ConfigureAwait(false) is not null)
            {
                return null;
            }

            _temp.Sweep(held.Sandbox); // unless intents are kept: then nothing may be in the way of the sandbox's removal
        }

        return new ModelLock(held, Model, ledger, _temp);
    }

    /// <summary>If nothing can be told of its making, it exists: the status and a lock say why.</summary>
    private bool IsBeingCreated(string sandbox) => ReadRecord(sandbox) is { Creating: true };

    private async ValueTask UndoLeftCreationAsync(string sandbox, TimeSpan? timeout, CancellationToken cancellation)
    {
        try
        {
            ModelLock held = await LockAsync(sandbox, LockMode.Exclusive, timeout, cancellationToken: cancellation).ConfigureAwait(false);
            await held.DisposeAsync().ConfigureAwait(false); // completed meanwhile: the next turn says that it exists
        }
        catch (NotFoundException)
        {
            // Undone, and gone.
        }
    }
}
