using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Commit;
using SafeStore.Documents;
using SafeStore.Vocabulary;

namespace SafeStore;

/// <summary>
/// What a transaction is to do to one sandbox. Nothing touches the disk before <see cref="CommitAsync"/>: every call checks its
/// arguments and serialises its value at once, so that a bad one fails here. Calls apply in order: the last one on a document wins.
/// Not safe for concurrent use.
/// </summary>
public sealed class SandboxChange
{
    private readonly Transaction _transaction;
    private readonly int _documentBytesMax;
    private readonly DocumentEdits _documents = new();
    private HashSet<string>? _created; // most transactions have none
    private HashSet<string>? _removed;
    private PlanKind _kind;

    internal SandboxChange(Transaction transaction, string sandbox, PlanKind kind, int documentBytesMax)
    {
        _transaction = transaction;
        _documentBytesMax = documentBytesMax;
        _kind = kind;
        Sandbox = sandbox;
    }

    /// <summary>The sandbox's id.</summary>
    public string Sandbox { get; }

    /// <summary>The documents that must still have a version.</summary>
    internal RequiredDocument[] RequiredDocuments { get; private set; } = []; // most transactions have none

    /// <summary>The version that the sandbox must still have at commit; null when any will do.</summary>
    internal Lsn? RequiredVersion { get; private set; }

    /// <summary>Whether the sandbox goes even if something is to be undone in it.</summary>
    internal bool ForgetsIntents { get; private set; }

    /// <summary>Writes a document of the sandbox.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="kind">Its kind.</param>
    /// <param name="value">Its new value.</param>
    /// <exception cref="ArgumentException">
    /// The kind belongs to a container, or the value cannot be a JSON document: a number that is not finite, a property twice, deeper than
    /// 64, text with half of a surrogate pair.
    /// </exception>
    /// <exception cref="DocumentTooLargeException">It is larger than <see cref="StoreOptions.DocumentBytesMax"/>.</exception>
    /// <exception cref="InvalidOperationException">
    /// The sandbox is removed in this transaction, or the transaction has been committed.
    /// </exception>
    public SandboxChange Put<T>(DocumentKind<T> kind, T value)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return Put(kind.At(Sandbox), Serialize(kind, value));
    }

    /// <summary>Writes a document of a container.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="container">The container's id; it must exist, or be created earlier in this transaction.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="value">Its new value.</param>
    /// <exception cref="ArgumentException">
    /// The id is not allowed, the kind belongs to a sandbox, or the value cannot be a JSON document.
    /// </exception>
    /// <exception cref="DocumentTooLargeException">It is larger than <see cref="StoreOptions.DocumentBytesMax"/>.</exception>
    /// <exception cref="InvalidOperationException">
    /// The sandbox or the container is removed in this transaction, or the transaction has been committed.
    /// </exception>
    public SandboxChange Put<T>(string container, DocumentKind<T> kind, T value)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return Put(kind.At(Sandbox, Identifier.CheckContainer(container, nameof(container))), Serialize(kind, value));
    }

    /// <summary>Writes a document given as JSON text; the bytes are stored as they are.</summary>
    /// <param name="root">Its root.</param>
    /// <param name="container">The container's id, null for a document of the sandbox.</param>
    /// <param name="file">The file's name.</param>
    /// <param name="json">UTF-8 without byte order mark: one JSON value, no deeper than 64, no property twice in one object.</param>
    /// <exception cref="ArgumentException">A name is not allowed, or the text is not such JSON.</exception>
    /// <exception cref="DocumentTooLargeException">It is larger than <see cref="StoreOptions.DocumentBytesMax"/>.</exception>
    /// <exception cref="InvalidOperationException">
    /// The sandbox or the container is removed in this transaction, or the transaction has been committed.
    /// </exception>
    public SandboxChange PutJson(StoreRoot root, string? container, string file, ReadOnlySpan<byte> json) =>
        Put(DocumentAddress.Checked(Sandbox, container, root, file), json.ToArray());

    /// <summary>Removes a document of the sandbox; one that does not exist is no error.</summary>
    /// <param name="kind">Its kind.</param>
    /// <exception cref="ArgumentException">The kind belongs to a container.</exception>
    /// <exception cref="InvalidOperationException">
    /// The sandbox is removed in this transaction, or the transaction has been committed.
    /// </exception>
    public SandboxChange Remove(DocumentKind kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return Set(kind.At(Sandbox), null);
    }

    /// <summary>Removes a document of a container; one that does not exist is no error.</summary>
    /// <param name="container">The container's id; it must exist.</param>
    /// <param name="kind">Its kind.</param>
    /// <exception cref="ArgumentException">The id is not allowed, or the kind belongs to a sandbox.</exception>
    /// <exception cref="InvalidOperationException">
    /// The sandbox or the container is removed in this transaction, or the transaction has been committed.
    /// </exception>
    public SandboxChange Remove(string container, DocumentKind kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return Set(kind.At(Sandbox, Identifier.CheckContainer(container, nameof(container))), null);
    }

    /// <summary>Removes a document by its name; one that does not exist is no error.</summary>
    /// <param name="root">Its root.</param>
    /// <param name="container">The container's id, null for a document of the sandbox.</param>
    /// <param name="file">The file's name.</param>
    /// <exception cref="ArgumentException">A name is not allowed.</exception>
    /// <exception cref="InvalidOperationException">
    /// The sandbox or the container is removed in this transaction, or the transaction has been committed.
    /// </exception>
    public SandboxChange Remove(StoreRoot root, string? container, string file) =>
        Set(DocumentAddress.Checked(Sandbox, container, root, file), null);

    /// <summary>
    /// Creates a container: its directory appears complete in every root, with the documents that this transaction puts into it.
    /// </summary>
    /// <param name="container">The container's id; it must not exist.</param>
    /// <exception cref="ArgumentException">The id is not allowed.</exception>
    /// <exception cref="InvalidOperationException">
    /// The container is created or removed already in this transaction, the sandbox is removed in it, or it has been committed.
    /// </exception>
    public SandboxChange CreateContainer(string container)
    {
        Identifier.CheckContainer(container, nameof(container));
        ThrowIfClosed();
        if (_removed?.Contains(container) == true)
        {
            throw new InvalidOperationException($"The container '{container}' is removed in this transaction; create it in the next.");
        }

        return (_created ??= NoNames()).Add(container) ? this
            : throw new InvalidOperationException($"The container '{container}' is created twice.");
    }

    /// <summary>Removes a container with everything in it.</summary>
    /// <param name="container">The container's id; it must exist, or be created earlier in this transaction.</param>
    /// <exception cref="ArgumentException">The id is not allowed.</exception>
    /// <exception cref="InvalidOperationException">
    /// The container is removed already in this transaction, the sandbox is removed in it, or it has been committed.
    /// </exception>
    public SandboxChange RemoveContainer(string container)
    {
        Identifier.CheckContainer(container, nameof(container));
        ThrowIfClosed();
        _documents.RemoveContainer(container);
        if (_created?.Remove(container) == true)
        {
            return this;
        }

        return (_removed ??= NoNames()).Add(container) ? this
            : throw new InvalidOperationException($"The container '{container}' is removed twice.");
    }

    /// <summary>
    /// Removes the sandbox with everything in it; what else the transaction does to it is dropped. The commit fails with
    /// <see cref="PendingIntentsException"/> if something is still to be undone in it; see <see cref="ForgetIntents"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// The sandbox is created or removed already in this transaction, or it has been committed.
    /// </exception>
    public SandboxChange RemoveSandbox()
    {
        ThrowIfClosed();
        if (_kind == PlanKind.Create)
        {
            throw new InvalidOperationException($"The sandbox '{Sandbox}' is created in this transaction; remove it in the next.");
        }

        _kind = PlanKind.Remove;
        _documents.Clear();
        (_created, _removed) = (null, null);
        return this;
    }

    /// <summary>
    /// Lets <see cref="RemoveSandbox"/> of this transaction remove the sandbox even if something is still to be undone in it: nothing
    /// will undo that.
    /// </summary>
    /// <exception cref="InvalidOperationException">The transaction has been committed.</exception>
    public SandboxChange ForgetIntents()
    {
        ThrowIfClosed();
        ForgetsIntents = true;
        return this;
    }

    /// <summary>Lets the commit fail unless the sandbox still has this version.</summary>
    /// <param name="version">The version at which it was read.</param>
    /// <exception cref="InvalidOperationException">The transaction has been committed.</exception>
    public SandboxChange RequireVersion(Lsn version)
    {
        _transaction.ThrowIfClosed();
        RequiredVersion = version;
        return this;
    }

    /// <summary>
    /// Lets the commit fail unless a document is as one transaction wrote it, which its stamp tells, whatever else has changed in the
    /// sandbox: <see cref="VersionConflictException"/> also if another program has edited it, or if it has no stamp.
    /// </summary>
    /// <param name="document">A document of this sandbox.</param>
    /// <param name="version">The version at which it was read: <see cref="DocumentResult{T}.Version"/>.</param>
    /// <exception cref="ArgumentException">It is a document of another sandbox.</exception>
    /// <exception cref="InvalidOperationException">The transaction has been committed.</exception>
    public SandboxChange RequireVersion(DocumentId document, Lsn version)
    {
        ArgumentNullException.ThrowIfNull(document);
        _transaction.ThrowIfClosed();
        if (document.Sandbox != Sandbox)
        {
            throw new ArgumentException($"'{document}' is no document of sandbox '{Sandbox}'.", nameof(document));
        }

        RequiredDocuments = [.. RequiredDocuments, new RequiredDocument(document, version)];
        return this;
    }

    /// <inheritdoc cref="Transaction.CommitAsync"/>
    public ValueTask<Lsn> CommitAsync(CancellationToken cancellationToken = default) => _transaction.CommitAsync(cancellationToken);

    /// <inheritdoc cref="Transaction.Commit"/>
    public Lsn Commit(CancellationToken cancellationToken = default) => _transaction.Commit(cancellationToken);

    /// <summary>How many documents and containers it touches; a removal of the sandbox is one.</summary>
    internal int Edits =>
        _kind == PlanKind.Remove ? 1 : _documents.Puts.Length + _documents.Deletes.Length + (_created?.Count ?? 0) + (_removed?.Count ?? 0);

    internal void Abandon() => _transaction.Abandon();

    internal SandboxPlan ToPlan()
    {
        // What is created here has nothing to delete, and where a container is created there is no document of its name.
        DocumentKey[] deletes = _kind == PlanKind.Create ? [] : _documents.Deletes;
        deletes = _created is not { Count: > 0 } ? deletes
            : Array.FindAll(deletes, key => !_created.Contains(key.Container ?? key.File));
        return new SandboxPlan(Sandbox, _kind, [.. _created ?? []], [.. _removed ?? []], _documents.Puts, deletes);
    }

    private SandboxChange Put(in DocumentAddress document, ReadOnlyMemory<byte> json)
    {
        if (json.Length > _documentBytesMax)
        {
            throw new DocumentTooLargeException(document.Id, document.Id.ToString(), _documentBytesMax);
        }

        return JsonRules.FindFaultStrictly(json.Span) is { } fault
            ? throw new ArgumentException(
                $"The value of '{document.Id}' cannot be a document: {fault.Reason} at byte {fault.Position}.", nameof(json))
            : Set(document, json);
    }

    private SandboxChange Set(in DocumentAddress document, ReadOnlyMemory<byte>? content)
    {
        ThrowIfClosed();
        if (document.Container is { } container && _removed?.Contains(container) == true)
        {
            throw new InvalidOperationException($"The container '{container}' is removed in this transaction.");
        }

        _documents.Set(new DocumentKey(document.Root, document.Container, document.File), content);
        return this;
    }

    private static byte[] Serialize<T>(DocumentKind<T> kind, T value)
    {
        try
        {
            byte[] json = StrictJson.Serialize(value, kind.Json);
            return kind.Upcasting is { } upcasting ? upcasting.Mark(json) : json;
        }
        catch (Exception failure) when (failure is JsonException or NotSupportedException or InvalidOperationException or ArgumentException)
        {
            throw new ArgumentException($"The value cannot be a document '{kind.File}': {failure.Message}", nameof(value), failure);
        }
    }

    private static HashSet<string> NoNames() => new(StringComparer.Ordinal);

    private void ThrowIfClosed()
    {
        _transaction.ThrowIfClosed();
        if (_kind == PlanKind.Remove)
        {
            throw new InvalidOperationException($"The sandbox '{Sandbox}' is removed in this transaction.");
        }
    }
}
