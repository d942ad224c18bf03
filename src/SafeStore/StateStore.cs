using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Diagnostics;
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
    /// <summary>The name of the meter of all stores (System.Diagnostics.Metrics); docs/observability.md has its instruments.</summary>
    public const string MeterName = StoreTelemetry.Name;

    /// <summary>The name of the activity source of all stores; docs/observability.md has its spans.</summary>
    public const string ActivitySourceName = StoreTelemetry.Name;

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
    /// <exception cref="PlatformNotSupportedException">
    /// This is not Linux, and <see cref="StoreOptions.FileSystem"/> says nothing else.
    /// </exception>
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

    internal StoreTelemetry Telemetry => _engine.Telemetry;

    internal Transaction NewTransaction(ReadOnlySpan<SandboxHold> holds) => new(_engine.Runner, _open, holds, _options.DocumentBytesMax);

    private T Require<T>(in DocumentAddress document, DocumentKind<T> kind)
    {
        _open.ThrowIfClosed();
        return _engine.Reader.TryRead(document, kind, out T? value) ? value!
            : throw new NotFoundException("document", document.Id.ToString());
    }
}
