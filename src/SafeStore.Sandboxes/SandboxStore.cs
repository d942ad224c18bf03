using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Diagnostics;

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
    /// <summary>The name of the activity source of all sandbox stores; docs/observability.md has its spans.</summary>
    public const string ActivitySourceName = SandboxTelemetry.Name;

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
        using Observation? creating = SandboxTelemetry.Create(Store, sandbox.Id);
        try
        {
            return await CreateOneAsync(sandbox, timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            creating?.Fail(failure);
            throw;
        }
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
        long index = 0;
        await UpdateAsync(sandbox, (_, change) => index = change.TakeBlockIndex(), timeout, cancellationToken).ConfigureAwait(false);
        return index;
    }

    /// <summary>
    /// Locks an existing sandbox exclusively, lets a method change it, commits that and releases the lock. If the method throws, nothing is
    /// changed.
    /// </summary>
    /// <param name="sandbox">Its id.</param>
    /// <param name="change">What to change: it reads by the lock and makes its edits in the change. It does not commit.</param>
    /// <param name="timeout">How long to wait for the lock; null for <see cref="StoreOptions.LockTimeout"/>.</param>
    /// <param name="cancellationToken">Ends the wait, and is honoured until the transaction is put into the log.</param>
    /// <returns>The transaction's LSN; without any edit, the sandbox's version.</returns>
    /// <remarks>It throws what <see cref="LockAsync"/>, the method and <see cref="ModelChange.CommitAsync"/> throw.</remarks>
    public ValueTask<Lsn> UpdateAsync(
        string sandbox, Action<ModelLock, ModelChange> change, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
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

    /// <summary>As <see cref="UpdateAsync(string, Action{ModelLock, ModelChange}, TimeSpan?, CancellationToken)"/>.</summary>
    /// <inheritdoc cref="UpdateAsync(string, Action{ModelLock, ModelChange}, TimeSpan?, CancellationToken)"/>
    public async ValueTask<Lsn> UpdateAsync(
        string sandbox, Func<ModelLock, ModelChange, Task> change, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        ModelLock held =
            await LockAsync(sandbox, LockMode.Exclusive, timeout, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            return await ChangeAsync(held, change, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Whether a sandbox exists, also one that is only being made: <see cref="StateStore.Exists(string)"/>.</summary>
    /// <param name="sandbox">The sandbox's id.</param>
    public bool Exists(string sandbox) => Store.Exists(sandbox);

    /// <summary>Whether a container exists: <see cref="StateStore.Exists(string, string)"/>.</summary>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="container">The container's id.</param>
    public bool Exists(string sandbox, string container) => Store.Exists(sandbox, container);

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
    public IReadOnlyList<SandboxStatus> ReadStatuses()
    {
        using Observation? listing = SandboxTelemetry.List(Store);
        try
        {
            IReadOnlyList<SandboxStatus> statuses = [.. Store.ListSandboxes().Select(_status.Read)];
            listing?.Found(statuses.Count);
            return statuses;
        }
        catch (Exception failure)
        {
            listing?.Fail(failure);
            throw;
        }
    }

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

    private async ValueTask<Lsn> CreateOneAsync(NewSandbox sandbox, TimeSpan? timeout, CancellationToken cancellation)
    {
        ModelLock held = await LockNewAsync(sandbox.Id, timeout, cancellation).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            return await ChangeAsync(
                held,
                (_, change) =>
                {
                    change.Put(sandbox);
                    return Task.CompletedTask;
                },
                cancellation).ConfigureAwait(false);
        }
    }

    private static async ValueTask<Lsn> ChangeAsync(
        ModelLock held, Func<ModelLock, ModelChange, Task> change, CancellationToken cancellation)
    {
        ModelChange edits = held.Change();
        try
        {
            await change(held, edits).ConfigureAwait(false);
        }
        catch
        {
            edits.Abandon();
            throw;
        }

        return await edits.CommitAsync(cancellation).ConfigureAwait(false);
    }
}
