using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Sandboxes;

/// <summary>
/// The storage of a container runtime: sandboxes and their containers with typed documents, created, changed and removed by transactions
/// that are all or nothing and durable when they return; side effects outside of the store are undone after a crash
/// (<see cref="ModelLock.IntendAsync{T}"/>). Several processes may have it open; all members may be used from any thread. Its words are
/// those of <see cref="StateStore"/>: a <see cref="ModelLock"/> is a <see cref="SandboxLock"/> of a sandbox with typed documents and
/// intents, a <see cref="ModelChange"/> a <see cref="SandboxChange"/>.
/// </summary>
/// <example><code>
/// await using var store = await SandboxStore.OpenAsync(StoreLayout.Kata());
/// await store.CreateAsync(new NewSandbox("sb-1") { State = new State { Lifecycle = Lifecycle.Ready } });
/// await using (ModelLock sandbox = await store.LockAsync("sb-1"))
/// {
///     await sandbox.Change().Transition(Lifecycle.Ready, Lifecycle.Running).CommitAsync();
/// }
/// </code></example>
public sealed partial class SandboxStore : IAsyncDisposable
{
    private readonly UndoHandlers _undo;
    private readonly TimeProvider _time;
    private readonly TempFiles _temp;
    private readonly StatusReader _status;

    private SandboxStore(StateStore store, SandboxStoreOptions options, TempFiles temp)
    {
        Store = store;
        Model = options.Model;
        _undo = options.Undo;
        _time = options.Store.TimeProvider;
        _temp = temp;
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
            return new SandboxStore(store, options, TempFiles.Open(options.Store.FileSystemInUse, store.Layout));
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
        ModelLock held = await LockNewAsync(sandbox.Id, timeout, cancellationToken).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            return await held.Change().Put(sandbox).CommitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

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
        if (intents is not (PendingIntents.Undo or PendingIntents.Keep))
        {
            throw new ArgumentOutOfRangeException(nameof(intents), intents, "Intents are undone or kept.");
        }

        ValueTask<SandboxLock> turn = Store.LockAsync(sandbox, mode, timeout, cancellationToken);
        return mode == LockMode.Shared ? StartSharedAsync(turn) : StartAsync(turn, sandbox, timeout, intents, cancellationToken);
    }

    /// <summary>Takes a sandbox's next block index and counts on, in one transaction.</summary>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="timeout">How long to wait for the lock; null for <see cref="StoreOptions.LockTimeout"/>.</param>
    /// <param name="cancellationToken">Honoured until the transaction is put into the log.</param>
    /// <returns>
    /// The index, from 0; no other call gets it. Throws what <see cref="LockAsync"/> and <see cref="ModelChange.CommitAsync"/> do.
    /// </returns>
    public async ValueTask<long> TakeBlockIndexAsync(
        string sandbox, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ModelLock held = await LockAsync(sandbox, LockMode.Exclusive, timeout, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            ModelChange edit = held.Change();
            long index = edit.TakeBlockIndex();
            await edit.CommitAsync(cancellationToken).ConfigureAwait(false);
            return index;
        }
    }

    /// <summary>Reads a document of a sandbox: <see cref="StateStore.Read{T}(string, DocumentKind{T})"/>.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="kind">Its kind, of <see cref="Model"/> or of the program's own.</param>
    /// <returns>Its value; null if it does not exist.</returns>
    public T? Read<T>(string sandbox, DocumentKind<T> kind) => Store.Read(sandbox, kind);

    /// <summary>Reads a document of a container: <see cref="StateStore.Read{T}(string, string, DocumentKind{T})"/>.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="container">The container's id.</param>
    /// <param name="kind">Its kind, of <see cref="Model"/> or of the program's own.</param>
    /// <returns>Its value; null if it does not exist.</returns>
    public T? Read<T>(string sandbox, string container, DocumentKind<T> kind) => Store.Read(sandbox, container, kind);

    /// <summary>
    /// The status of every sandbox, sorted by id, without any lock: each document is whole, different ones may be of different moments.
    /// What cannot be read is an error in its status.
    /// </summary>
    /// <exception cref="StorageException">A root cannot be listed.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public IReadOnlyList<SandboxStatus> ReadStatuses() => [.. Store.ListSandboxes().Select(_status.Read)];

    /// <summary>The status of a sandbox at one point in time, under its shared lock. What cannot be read is an error in it.</summary>
    /// <param name="sandbox">The sandbox's id. Throws what <see cref="LockAsync"/> does.</param>
    /// <param name="timeout">How long to wait for the lock; null for <see cref="StoreOptions.LockTimeout"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<SandboxStatus> ReadStatusAsync(
        string sandbox, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ModelLock held = await LockAsync(sandbox, LockMode.Shared, timeout, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
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
    private async ValueTask<ModelLock> StartNewAsync(
        ValueTask<SandboxLock> turn, string sandbox, TimeSpan? timeout, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                SandboxLock held = await turn.ConfigureAwait(false);
                return new ModelLock(held, Model, IntentLedger.OfNew(held, Model, _undo, _time), _temp);
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
                    return new ModelLock(held, Model, ledger, _temp); // nothing in the sandbox may be in the way of its removal
                }

                if (await ledger.UndoAsync(cancellation).ConfigureAwait(false))
                {
                    _temp.Sweep(sandbox);
                    return new ModelLock(held, Model, ledger, _temp);
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

    private async ValueTask<ModelLock> StartSharedAsync(ValueTask<SandboxLock> turn) =>
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
            ModelLock held = await LockAsync(sandbox, LockMode.Exclusive, timeout, cancellationToken: cancellation).ConfigureAwait(false);
            await held.DisposeAsync().ConfigureAwait(false); // completed meanwhile: the next turn says that it exists
        }
        catch (NotFoundException)
        {
            // Undone, and gone.
        }
    }
}
