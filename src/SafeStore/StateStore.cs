using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Locking;
using SafeStore.Vocabulary;

namespace SafeStore;

/// <summary>
/// A store of small JSON documents in plain files, grouped in sandboxes and containers, changed by transactions that are all or
/// nothing and durable when they return. Several processes may have it open; all members may be used from any thread.
/// </summary>
/// <example>
/// <code>
/// await using var store = await StateStore.OpenAsync(StoreLayout.At("/var/lib/myruntime"));
/// await using var sandbox = await store.LockAsync("sb-1");
/// var change = sandbox.Change();
/// change.Put(Documents.State, state);
/// Lsn version = await change.CommitAsync();
/// </code>
/// </example>
public sealed partial class StateStore : IAsyncDisposable
{
    private readonly IEngine _engine;
    private readonly StoreOptions _options;
    private readonly HeldLocks _held = new();
    private readonly OpenLocks _open = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private StateStore(IEngine engine, StoreLayout layout, StoreOptions options)
    {
        _engine = engine;
        _options = options;
        Layout = layout;
    }

    /// <summary>Where the store lies.</summary>
    public StoreLayout Layout { get; }

    /// <summary>
    /// Whether a sync has failed, in this process or another: nothing is written until all have closed the store and one has opened it
    /// again.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public bool IsFaulted
    {
        get
        {
            _open.ThrowIfClosed();
            return _engine.IsFaulted;
        }
    }

    /// <summary>What this object has done since it was opened.</summary>
    public StoreStatistics Statistics => _engine.Statistics;

    /// <summary>Whether it was opened with <see cref="StoreOpening.ReadOnly"/>, so that every change is refused.</summary>
    public bool IsReadOnly => _options.Opening == StoreOpening.ReadOnly;

    /// <summary>
    /// How many durable transactions the documents did not show, or not wholly, when the store was opened read-only: the next opening that
    /// may write finishes them. Null if that could not be told, since the log is damaged, may not be read, or was changed too fast. 0 for a
    /// store that was opened to be changed.
    /// </summary>
    public long? PendingTransactions => _engine.PendingTransactions;

    /// <summary>
    /// Whether both roots lie on filesystems whose structure survives a power loss: false for ext2, and for ext4 without a journal.
    /// </summary>
    public bool IsJournaled => _engine.IsJournaled;

    /// <summary>
    /// Opens a store, making its directories if they do not exist, unless <see cref="StoreOptions.Opening"/> says otherwise. The first
    /// opener, when no process has it open, recovers it: then every acknowledged transaction is there and no other is there in part.
    /// </summary>
    /// <param name="layout">Where it lies.</param>
    /// <param name="options">How it works; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the wait for another process's recovery.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="NotFoundException">There is none, and it must exist or is to be looked at only. Nothing was made.</exception>
    /// <exception cref="StoreFormatException">A newer version has written it. It was not touched.</exception>
    /// <exception cref="StoreMetadataException">
    /// Its metadata is damaged or of another store, or lies on another filesystem than its root, or on one that is not local, or that has
    /// no journal where <see cref="StoreOptions.RequireJournal"/> asks for one.
    /// </exception>
    /// <exception cref="LogCorruptException">The log has lost an acknowledged transaction. Nothing was changed.</exception>
    /// <exception cref="StoreFaultedException">A sync has failed in a process that still has it open.</exception>
    /// <exception cref="LockTimeoutException">
    /// Another process was recovering it for longer than <see cref="StoreOptions.LockTimeout"/>.
    /// </exception>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    public static async ValueTask<StateStore> OpenAsync(
        StoreLayout layout, StoreOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(layout);
        options ??= new StoreOptions();
        options.Validate();
        IEngine engine = options.Opening == StoreOpening.ReadOnly ? ReadOnlyEngine.Open(layout, options)
            : await Engine.OpenAsync(layout, options, cancellationToken).ConfigureAwait(false);
        return new StateStore(engine, layout, options);
    }

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

    /// <summary>Reads a document of a sandbox, without any lock: it is whole, the old version or the new.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="kind">The kind of document.</param>
    /// <returns>Its value; null (the default) if it does not exist.</returns>
    /// <exception cref="ArgumentException">The id is not allowed, or the kind belongs to a container.</exception>
    /// <exception cref="DocumentCorruptException">It is not a document of its kind; the file is left as it is.</exception>
    /// <exception cref="DocumentTooLargeException">It is larger than <see cref="StoreOptions.DocumentBytesMax"/>.</exception>
    /// <exception cref="StorageException">The operating system refused a call, or a symbolic link is in the way.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public T? Read<T>(string sandbox, DocumentKind<T> kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        _open.ThrowIfClosed();
        return _engine.Reader.TryRead(kind.At(Identifier.CheckSandbox(sandbox, nameof(sandbox))), kind, out T? value) ? value : default;
    }

    /// <summary>Reads a document of a container, without any lock: it is whole, the old version or the new.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="container">The container's id.</param>
    /// <param name="kind">The kind of document.</param>
    /// <returns>Its value; null (the default) if it does not exist.</returns>
    /// <exception cref="ArgumentException">An id is not allowed, or the kind belongs to a sandbox.</exception>
    /// <exception cref="DocumentCorruptException">It is not a document of its kind; the file is left as it is.</exception>
    /// <exception cref="DocumentTooLargeException">It is larger than <see cref="StoreOptions.DocumentBytesMax"/>.</exception>
    /// <exception cref="StorageException">The operating system refused a call, or a symbolic link is in the way.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public T? Read<T>(string sandbox, string container, DocumentKind<T> kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        _open.ThrowIfClosed();
        DocumentAddress document =
            kind.At(Identifier.CheckSandbox(sandbox, nameof(sandbox)), Identifier.CheckContainer(container, nameof(container)));
        return _engine.Reader.TryRead(document, kind, out T? value) ? value : default;
    }

    /// <summary>Reads a document of a sandbox that must exist; otherwise as <see cref="Read{T}(string, DocumentKind{T})"/>.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="kind">The kind of document.</param>
    /// <exception cref="NotFoundException">It does not exist.</exception>
    public T Require<T>(string sandbox, DocumentKind<T> kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return Require(kind.At(Identifier.CheckSandbox(sandbox, nameof(sandbox))), kind);
    }

    /// <summary>
    /// Reads a document of a container that must exist; otherwise as <see cref="Read{T}(string, string, DocumentKind{T})"/>.
    /// </summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="container">The container's id.</param>
    /// <param name="kind">The kind of document.</param>
    /// <exception cref="NotFoundException">It does not exist.</exception>
    public T Require<T>(string sandbox, string container, DocumentKind<T> kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return Require(
            kind.At(Identifier.CheckSandbox(sandbox, nameof(sandbox)), Identifier.CheckContainer(container, nameof(container))), kind);
    }

    /// <summary>Reads a document's bytes, checked to be one JSON value, without any lock.</summary>
    /// <param name="document">Which document.</param>
    /// <returns>The bytes as they are in the file; null if it does not exist.</returns>
    /// <exception cref="DocumentCorruptException">It is not JSON; the file is left as it is.</exception>
    /// <exception cref="DocumentTooLargeException">It is larger than <see cref="StoreOptions.DocumentBytesMax"/>.</exception>
    /// <exception cref="StorageException">The operating system refused a call, or a symbolic link is in the way.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public byte[]? ReadJson(DocumentId document)
    {
        ArgumentNullException.ThrowIfNull(document);
        _open.ThrowIfClosed();
        return _engine.Reader.ReadJson(document.Address);
    }

    /// <summary>
    /// Reads the document of a kind in every sandbox (and container, if the kind belongs to one), each with its value or its error: a
    /// damaged one does not keep the others away. Takes no lock; what is created or removed meanwhile may appear or not.
    /// </summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="kind">The kind of document.</param>
    /// <exception cref="StorageException">A directory cannot be listed.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public IEnumerable<DocumentResult<T>> ReadAll<T>(DocumentKind<T> kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return ListSandboxes()
            .SelectMany(sandbox => kind.Scope == DocumentScope.Sandbox
                ? [kind.In(sandbox)]
                : ListContainers(sandbox).Select(container => kind.In(sandbox, container)))
            .Select(document => _engine.Reader.ReadOrError(document, kind))
            .OfType<DocumentResult<T>>();
    }

    /// <summary>
    /// Makes the documents of all published transactions durable by themselves and releases the log's space. Runs in the background
    /// anyway; call it to have it now, before a backup of the files for instance.
    /// </summary>
    /// <param name="cancellationToken">
    /// Ends the wait for another checkpoint; one that runs is left in a state from which the next goes on.
    /// </param>
    /// <returns>The watermark: transactions up to this LSN no longer need the log.</returns>
    /// <exception cref="LockTimeoutException">
    /// Another process's checkpoint took longer than <see cref="StoreOptions.LockTimeout"/>.
    /// </exception>
    /// <exception cref="StoreFaultedException">The store is, or has become, faulted.</exception>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public async ValueTask<Lsn> CheckpointAsync(CancellationToken cancellationToken = default)
    {
        using OpenLocks.Call use = _open.Use();
        return await _engine.CheckpointAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Closes the store: waits for commits under way, ends waits for locks (<see cref="ObjectDisposedException"/>), releases locks that are
    /// still held, and, if no other process has it open, leaves the documents durable without the log.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (await _open.CloseAsync(_engine.StopWaiting).ConfigureAwait(false))
        {
            try
            {
                await _engine.DisposeAsync().ConfigureAwait(false);
            }
            finally
            {
                _closed.TrySetResult();
            }
        }

        await _closed.Task.ConfigureAwait(false); // also for who came second
    }

    internal Transaction NewTransaction(ReadOnlySpan<SandboxHold> holds) => new(_engine.Runner, _open, holds, _options.DocumentBytesMax);

    private T Require<T>(in DocumentAddress document, DocumentKind<T> kind)
    {
        _open.ThrowIfClosed();
        return _engine.Reader.TryRead(document, kind, out T? value) ? value!
            : throw new NotFoundException("document", document.Id.ToString());
    }

    private async ValueTask<SandboxLock> LockOneAsync(
        SandboxTarget target, LockMode mode, TimeSpan timeout, HeldLocks.Link link, CancellationToken cancellation)
    {
        try
        {
            using OpenLocks.Call use = _open.Use();
            SandboxHold hold = await _engine.LockAsync(target, mode, timeout, cancellation).ConfigureAwait(false);
            return _open.Add(new SandboxLock(this, _open, hold, link));
        }
        catch
        {
            link.Release();
            throw;
        }
    }

    private async ValueTask<SandboxLocks> LockAllAsync(
        SandboxTarget[] targets, LockMode mode, TimeSpan timeout, HeldLocks.Link[] links, CancellationToken cancellation)
    {
        var locks = new List<SandboxLock>();
        try
        {
            using OpenLocks.Call use = _open.Use();
            for (int i = 0; i < targets.Length; i++)
            {
                SandboxHold hold = await _engine.LockAsync(targets[i], mode, timeout, cancellation).ConfigureAwait(false);
                locks.Add(_open.Add(new SandboxLock(this, _open, hold, links[i])));
            }

            return new SandboxLocks(this, locks);
        }
        catch
        {
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
