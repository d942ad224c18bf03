using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Sandboxes;

/// <summary>
/// The storage of a container runtime: sandboxes and their containers with typed documents, created, changed and removed by transactions
/// that are all or nothing and durable when they return; side effects outside of the store are undone after a crash
/// (<see cref="SandboxSession.IntendAsync{T}"/>). Several processes may have it open; all members may be used from any thread.
/// </summary>
/// <example><code>
/// await using var store = await SandboxStore.OpenAsync(StoreLayout.Kata());
/// await store.CreateAsync(new NewSandbox("sb-1") { Config = config, State = new State { Value = "ready" }, Containers = [new
/// NewContainer("web") { Config = web }] }); await using (var sandbox = await store.LockAsync("sb-1")) { await
/// sandbox.Change().Transition(Lifecycle.Ready, Lifecycle.Running).CommitAsync(); }
/// </code></example>
public sealed partial class SandboxStore : IAsyncDisposable
{
    /// <summary>
    /// The name under which activities are published: <c>createAllResources</c>, <c>storeResource</c>, <c>fetchResource</c>,
    /// <c>deleteResource</c>.
    /// </summary>
    public const string ActivitySourceName = "SafeStore.Sandboxes";

    private readonly UndoHandlers _undo;
    private readonly TimeProvider _time;
    private readonly TempFiles _temp;
    private readonly ResourceRules _rules;
    private readonly StatusReader _status;

    private SandboxStore(StateStore store, SandboxStoreOptions options, TempFiles temp)
    {
        Store = store;
        Model = options.Model;
        _undo = options.Undo;
        _time = options.Store.TimeProvider;
        _temp = temp;
        _rules = new ResourceRules(ResourceSlot.Of(options.Model));
        _status = new StatusReader(store, options.Model);
    }

    /// <summary>The store below: documents of any kind, listings, snapshots, transactions over several sandboxes.</summary>
    public StateStore Store { get; }

    /// <summary>The documents that there are.</summary>
    public SandboxModel Model { get; }

    /// <summary>
    /// Opens a store, making its directories if they do not exist and recovering it if no process has it open. Throws what
    /// <see cref="StateStore.OpenAsync"/> does.
    /// </summary>
    /// <param name="layout">Where it lies; <see cref="StoreLayout.Kata()"/> for the seed's directories.</param>
    /// <param name="options">How it works; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the wait for another process's recovery.</param>
    public static async ValueTask<SandboxStore> OpenAsync(
        StoreLayout layout, SandboxStoreOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new SandboxStoreOptions();
        StateStore store = await StateStore.OpenAsync(layout, options.Store, cancellationToken).ConfigureAwait(false);
        try
        {
            return new SandboxStore(store, options, TempFiles.Open(options.Store.FileSystem, store.Layout));
        }
        catch
        {
            await store.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Creates a sandbox with its containers and documents in one transaction: it appears complete or not at all, whatever fails and
    /// whichever process dies. What a creation of the same id has left that died half way is undone first.
    /// </summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="timeout">How long to wait for other callers with this id; null for <see cref="StoreOptions.LockTimeout"/>.</param>
    /// <param name="cancellationToken">Honoured until the transaction is put into the log.</param>
    /// <returns>The sandbox's version.</returns>
    /// <exception cref="ResourceArgumentException">An id is empty.</exception>
    /// <exception cref="ArgumentException">
    /// An id is not allowed or is there twice, a configuration is of another id or lacks kernel or image, or there are two hypervisors.
    /// </exception>
    /// <exception cref="AlreadyExistsException">The sandbox exists. Nothing was changed.</exception>
    /// <exception cref="UndoFailedException">What an earlier creation of this id left could not be undone.</exception>
    /// <exception cref="LockTimeoutException">The time is up.</exception>
    /// <exception cref="StorageException">The operating system refused a step; nothing was changed.</exception>
    public async ValueTask<Lsn> CreateAsync(NewSandbox sandbox, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sandbox);
        using Activity? activity = SandboxTelemetry.Start("createAllResources", sandbox.Id);
        SandboxSession session = await LockNewAsync(sandbox.Id, timeout, cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            return await session.Change().PutAll(sandbox).CommitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Takes the turn for a sandbox that does not exist, to create it step by step: record each side effect before it is made, then commit
    /// the transaction that fills and completes the sandbox. What a creation of the same id has left that died half way is undone first.
    /// </summary>
    /// <param name="sandbox">Its id.</param>
    /// <param name="timeout">How long to wait for other callers with this id; null for <see cref="StoreOptions.LockTimeout"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ResourceArgumentException">The id is empty.</exception>
    /// <exception cref="ArgumentException">The id is not allowed.</exception>
    /// <exception cref="AlreadyExistsException">The sandbox exists.</exception>
    /// <exception cref="UndoFailedException">What an earlier creation of this id left could not be undone.</exception>
    /// <exception cref="LockTimeoutException">The time is up.</exception>
    /// <exception cref="LockAlreadyHeldException">This flow of execution holds the lock already.</exception>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    public ValueTask<SandboxSession> LockNewAsync(
        string sandbox, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        StartNewAsync(
            Store.LockNewAsync(ResourceRules.CheckSandbox(sandbox), timeout, cancellationToken), sandbox, timeout, cancellationToken);

    /// <summary>
    /// Locks an existing sandbox exclusively. Before the lock is handed out, transactions that a dead process left half done are finished
    /// or undone, intents that were not completed are undone, newest first, and temp files of dead owners are removed. Programs that are
    /// not SafeStore interlock by flock(2) on the <c>lock</c> file.
    /// </summary>
    /// <param name="sandbox">Its id.</param>
    /// <param name="timeout">How long to wait; null for <see cref="StoreOptions.LockTimeout"/>, zero for a single try.</param>
    /// <param name="intents">Whether to undo what was not completed.</param>
    /// <param name="cancellationToken">Ends the wait; also given to the undo handlers.</param>
    /// <exception cref="ResourceArgumentException">The id is empty.</exception>
    /// <exception cref="ArgumentException">The id is not allowed, or there is no such choice of intents.</exception>
    /// <exception cref="NotFoundException">The sandbox does not exist, or was only being made when its maker died.</exception>
    /// <exception cref="UndoFailedException">An undo handler failed or is missing; the sandbox is not locked.</exception>
    /// <exception cref="LockTimeoutException">The time is up; it names the holder if the kernel tells.</exception>
    /// <exception cref="LockAlreadyHeldException">This flow of execution holds the lock already.</exception>
    /// <exception cref="DocumentCorruptException">
    /// The record of the intents is damaged; lock with <see cref="PendingIntents.Keep"/> to remove the sandbox or to forget the record.
    /// </exception>
    /// <exception cref="DocumentTooLargeException">It is larger than a document may be; likewise.</exception>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    public ValueTask<SandboxSession> LockAsync(
        string sandbox, TimeSpan? timeout = null, PendingIntents intents = PendingIntents.Undo, CancellationToken cancellationToken =
            default) => intents is not (PendingIntents.Undo or PendingIntents.Keep)
        ? throw new ArgumentOutOfRangeException(nameof(intents), intents, "Intents are undone or kept.")
        : StartAsync(Store.LockAsync(ResourceRules.CheckSandbox(sandbox), LockMode.Exclusive, timeout, cancellationToken), sandbox, timeout,
            intents, cancellationToken);

    /// <summary>Locks an existing sandbox for reading several documents at one point in time. Nothing is undone or changed.</summary>
    /// <param name="sandbox">Its id.</param>
    /// <param name="timeout">How long to wait; null for <see cref="StoreOptions.LockTimeout"/>, zero for a single try.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ResourceArgumentException">The id is empty.</exception>
    /// <exception cref="ArgumentException">The id is not allowed.</exception>
    /// <exception cref="NotFoundException">The sandbox does not exist.</exception>
    /// <exception cref="LockTimeoutException">The time is up; it names the holder if the kernel tells.</exception>
    /// <exception cref="LockAlreadyHeldException">This flow of execution holds the lock already.</exception>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    public ValueTask<SandboxSession> LockSharedAsync(
        string sandbox, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        StartSharedAsync(Store.LockAsync(ResourceRules.CheckSandbox(sandbox), LockMode.Shared, timeout, cancellationToken));

    /// <summary>Takes a sandbox's next block index and counts on, in one transaction.</summary>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="timeout">How long to wait for the lock; null for <see cref="StoreOptions.LockTimeout"/>.</param>
    /// <param name="cancellationToken">Honoured until the transaction is put into the log.</param>
    /// <returns>
    /// The index, from 0; no other call gets it. Throws what <see cref="LockAsync"/> and <see cref="SandboxEdit.CommitAsync"/> do.
    /// </returns>
    public async ValueTask<long> TakeBlockIndexAsync(
        string sandbox, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        SandboxSession session = await LockAsync(sandbox, timeout, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            SandboxEdit edit = session.Change();
            long index = edit.TakeBlockIndex();
            await edit.CommitAsync(cancellationToken).ConfigureAwait(false);
            return index;
        }
    }

    /// <summary>
    /// The status of every sandbox, sorted by id, without any lock: each document is whole, different ones may be of different moments.
    /// What cannot be read is an error in its status.
    /// </summary>
    /// <exception cref="StorageException">A root cannot be listed.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public IReadOnlyList<SandboxStatus> List() => [.. Store.ListSandboxes().Select(_status.Read)];

    /// <summary>The status of a sandbox at one point in time, under its shared lock. What cannot be read is an error in it.</summary>
    /// <param name="sandbox">The sandbox's id. Throws what <see cref="LockSharedAsync"/> does.</param>
    /// <param name="timeout">How long to wait for the lock; null for <see cref="StoreOptions.LockTimeout"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<SandboxStatus> StatusAsync(
        string sandbox, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        SandboxSession session = await LockSharedAsync(sandbox, timeout, cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            return _status.Read(sandbox);
        }
    }

    /// <summary>
    /// Closes the store; waits for commits that are under way. Locks and owned temp files that are still held end with their own disposal
    /// or the process.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync().ConfigureAwait(false);
        _temp.Dispose();
    }

    // The locks above are asked for in the caller's own flow of execution, which is where they are noted as held
    // (LockAlreadyHeldException): what an async method notes ends with it. A turn that comes after an undo is not noted.
    private async ValueTask<SandboxSession> StartNewAsync(
        ValueTask<SandboxLock> turn, string sandbox, TimeSpan? timeout, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                SandboxLock held = await turn.ConfigureAwait(false);
                return new SandboxSession(held, Model, IntentLedger.OfNew(held, Model, _undo, _time), _temp);
            }
            catch (AlreadyExistsException) when (IsBeingCreated(sandbox))
            {
                // Its maker is at work, and we wait for it; or it is dead, and we undo what it did.
                await UndoLeftCreationAsync(sandbox, timeout, cancellation).ConfigureAwait(false);
            }

            turn = Store.LockNewAsync(sandbox, timeout, cancellation);
        }
    }

    private async ValueTask<SandboxSession> StartAsync(
        ValueTask<SandboxLock> turn, string sandbox, TimeSpan? timeout, PendingIntents intents, CancellationToken cancellation)
    {
        while (true)
        {
            SandboxLock held = await turn.ConfigureAwait(false);
            try
            {
                var ledger = IntentLedger.OfExisting(held, Model, _undo, _time);
                if (intents == PendingIntents.Keep)
                {
                    return new SandboxSession(held, Model, ledger, _temp); // nothing in the sandbox may be in the way of its removal
                }

                if (await ledger.UndoAsync(cancellation).ConfigureAwait(false))
                {
                    _temp.Sweep(sandbox);
                    return new SandboxSession(held, Model, ledger, _temp);
                }
            }
            catch
            {
                await held.DisposeAsync().ConfigureAwait(false);
                throw;
            }

            // it was only being made and is gone: the next turn says so, or finds a new one
            await held.DisposeAsync().ConfigureAwait(false);
            turn = Store.LockAsync(sandbox, LockMode.Exclusive, timeout, cancellation);
        }
    }

    private async ValueTask<SandboxSession> StartSharedAsync(ValueTask<SandboxLock> turn) =>
        new(await turn.ConfigureAwait(false), Model, null, _temp);

    private bool IsBeingCreated(string sandbox)
    {
        try
        {
            return Store.Read(sandbox, Model.Intents) is { Creating: true };
        }
        catch (SafeStoreException)
        {
            return false; // it exists, and nothing can be told of its making: the status and a lock say why
        }
    }

    private async ValueTask UndoLeftCreationAsync(string sandbox, TimeSpan? timeout, CancellationToken cancellation)
    {
        try
        {
            SandboxSession session = await LockAsync(sandbox, timeout, PendingIntents.Undo, cancellation).ConfigureAwait(false);
            await session.DisposeAsync().ConfigureAwait(false); // completed meanwhile: the next turn says that it exists
        }
        catch (NotFoundException)
        {
            // Undone, and gone.
        }
    }
}
