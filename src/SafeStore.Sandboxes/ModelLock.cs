using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Documents;

namespace SafeStore.Sandboxes;

/// <summary>
/// A locked sandbox: reading it at one point in time, changing it by transactions, recording what is to be undone if the work fails.
/// Dispose it to release the lock; the lock ends with the process too. Not safe for concurrent use.
/// </summary>
public sealed class ModelLock : IAsyncDisposable, IDisposable
{
    private readonly SandboxLock _held;
    private readonly IntentLedger? _ledger;
    private readonly TempFiles _temp;

    internal ModelLock(SandboxLock held, SandboxModel model, IntentLedger? ledger, TempFiles temp)
    {
        _held = held;
        _ledger = ledger;
        _temp = temp;
        Model = model;
    }

    /// <summary>The sandbox's id.</summary>
    public string Sandbox => _held.Sandbox;

    /// <summary>How the lock is held.</summary>
    public LockMode Mode => _held.Mode;

    /// <summary>The LSN of the sandbox's last transaction; 0 before it is created.</summary>
    public Lsn Version => _held.Version;

    /// <summary>Whether the sandbox does not exist: a change made with this lock, or its first intent, creates it.</summary>
    public bool IsNew => _held.IsNew;

    /// <summary>The documents that there are.</summary>
    public SandboxModel Model { get; }

    /// <summary>What is to be undone unless it is completed, oldest first.</summary>
    /// <exception cref="DocumentCorruptException">
    /// The record is damaged: remove the sandbox, or forget the record by <see cref="ModelChange.Complete()"/>.
    /// </exception>
    /// <exception cref="DocumentTooLargeException">The record is larger than a document may be; likewise.</exception>
    /// <exception cref="StorageException">The operating system refused to read the record; likewise.</exception>
    public IReadOnlyList<Intent> Intents => (_ledger is null ? _held.Read(Model.Intents) : _ledger.Document)?.Intents ?? [];

    /// <summary>
    /// Whether the sandbox is only being made: it exists because something is to be undone if it does not come about. Throws what
    /// <see cref="Intents"/> does.
    /// </summary>
    public bool IsCreating => (_ledger is null ? _held.Read(Model.Intents) : _ledger.Document)?.Creating ?? false;

    /// <summary>
    /// Reads a document of the sandbox; null if it does not exist. Throws what <see cref="StateStore.Read{T}(string, DocumentKind{T})"/>
    /// does.
    /// </summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="kind">Its kind.</param>
    public T? Read<T>(DocumentKind<T> kind) => _held.Read(kind);

    /// <summary>
    /// Reads a document of a container; null if it does not exist. Throws what
    /// <see cref="StateStore.Read{T}(string, string, DocumentKind{T})"/> does.
    /// </summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="container">The container's id.</param>
    /// <param name="kind">Its kind.</param>
    public T? Read<T>(string container, DocumentKind<T> kind) => _held.Read(container, kind);

    /// <summary>The ids of the sandbox's containers, sorted.</summary>
    /// <exception cref="InvalidOperationException">The lock is released.</exception>
    public IReadOnlyList<string> ListContainers() => _held.ListContainers();

    /// <summary>
    /// Starts a transaction; in a held of a new sandbox without intents, the one that creates it. Nothing touches the disk before it is
    /// committed.
    /// </summary>
    /// <exception cref="InvalidOperationException">The lock is shared or released.</exception>
    public ModelChange Change() => new ModelTransaction([(this, _held.Change())]).For(Sandbox);

    /// <summary>
    /// Records how a side effect is to be undone; call it <b>before</b> the side effect. On return that is durable: unless a transaction
    /// completes it (<see cref="ModelChange.Complete()"/>), its undo handler runs. In a held of a new sandbox the first intent makes
    /// the sandbox, marked as being created, with nothing else in it; start the transaction that fills it after the last intent.
    /// </summary>
    /// <param name="kind">The kind: which undo handler it is for.</param>
    /// <param name="payload">What that handler needs to know.</param>
    /// <param name="cancellationToken">As for <see cref="Transaction.CommitAsync"/>, whose exceptions this throws too.</param>
    /// <exception cref="ArgumentException">The kind is empty, or the payload no JSON value.</exception>
    /// <exception cref="DocumentTooLargeException">
    /// With this intent, and room for the text of a failure of its handler, the record is larger than a document may be. Nothing was
    /// recorded.
    /// </exception>
    /// <exception cref="DocumentCorruptException">The record of the intents is damaged; nothing can be added to it.</exception>
    /// <exception cref="InvalidOperationException">The lock is shared or released.</exception>
    public ValueTask<Intent> IntendJsonAsync(string kind, JsonElement payload, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(kind);
        return payload.ValueKind == JsonValueKind.Undefined
            ? throw new ArgumentException("The payload must be a JSON value; null is one.", nameof(payload))
            : Ledger().AddAsync(kind, payload, cancellationToken);
    }

    /// <summary>Records how a side effect is to be undone; as <see cref="IntendJsonAsync"/>, with a payload of a type.</summary>
    /// <typeparam name="T">The payload's type.</typeparam>
    /// <param name="kind">The kind: which undo handler it is for.</param>
    /// <param name="payload">What that handler needs to know.</param>
    /// <param name="json">How the payload is written; from a source-generated context.</param>
    /// <param name="cancellationToken">As for <see cref="Transaction.CommitAsync"/>.</param>
    /// <exception cref="ArgumentException">The kind is empty, or a text of the payload has half of a surrogate pair.</exception>
    public ValueTask<Intent> IntendAsync<T>(string kind, T payload, JsonTypeInfo<T> json, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(json);
        return IntendJsonAsync(kind, JsonElement.Parse(StrictJson.Serialize(payload, json)), cancellationToken);
    }

    /// <summary>
    /// Undoes all intents now, newest first, instead of leaving them to the next exclusive lock of the sandbox. A sandbox that was only
    /// being made is removed.
    /// </summary>
    /// <param name="cancellationToken">Ends it between two steps.</param>
    /// <exception cref="UndoFailedException">A handler failed or is missing.</exception>
    /// <exception cref="InvalidOperationException">The lock is shared or released.</exception>
    public async ValueTask UndoAsync(CancellationToken cancellationToken = default) =>
        await Ledger().UndoAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// Makes an empty file (mode 0600) in the sandbox's run directory, as the seed does: <c>tempDir/tmp-(digits)</c>. It is not durable,
    /// and goes with the sandbox at the latest.
    /// </summary>
    /// <param name="lifetime">When it goes.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such lifetime.</exception>
    /// <exception cref="InvalidOperationException">The lock is released, or the sandbox is not created yet.</exception>
    /// <exception cref="StorageException">The operating system refused a call, or a symbolic link is in the way.</exception>
    public TempFile CreateTempFile(TempFileLifetime lifetime = TempFileLifetime.Owner)
    {
        if (lifetime is not (TempFileLifetime.Owner or TempFileLifetime.Sandbox))
        {
            throw new ArgumentOutOfRangeException(nameof(lifetime), lifetime, "A temp file goes with its owner or with the sandbox.");
        }

        _held.Hold.ThrowIfReleased(); // without a lock another process may be sweeping
        return _temp.Create(Sandbox, lifetime);
    }

    /// <summary>Releases the lock. What was intended and not completed is undone by the next exclusive lock of the sandbox.</summary>
    public ValueTask DisposeAsync() => _held.DisposeAsync();

    /// <summary><see cref="DisposeAsync"/> for callers that are synchronous.</summary>
    public void Dispose() => _held.Dispose();

    internal IntentLedger Ledger() =>
        _ledger ?? throw new InvalidOperationException($"The lock of sandbox '{Sandbox}' is shared; a change needs an exclusive one.");
}
