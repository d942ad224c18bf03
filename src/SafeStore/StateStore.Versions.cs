using System;
using SafeStore.Documents;
using SafeStore.Vocabulary;

namespace SafeStore;

/// <content>Reading documents with their versions.</content>
public sealed partial class StateStore
{
    /// <summary>
    /// Reads a document's bytes, checked to be one JSON value, and the LSN of the transaction that wrote them, for
    /// <see cref="SandboxChange.RequireVersion(DocumentId, Lsn)"/>. Takes no lock.
    /// </summary>
    /// <param name="document">Which document.</param>
    /// <returns>The bytes as they are in the file, and their version if it is known; null if it does not exist.</returns>
    /// <exception cref="DocumentCorruptException">It is not JSON; the file is left as it is.</exception>
    /// <exception cref="DocumentStampException">
    /// It is not what its last transaction wrote, and <see cref="StoreOptions.CheckStamps"/> is set.
    /// </exception>
    /// <exception cref="DocumentTooLargeException">It is larger than <see cref="StoreOptions.DocumentBytesMax"/>.</exception>
    /// <exception cref="StorageException">The operating system refused a call, or a symbolic link is in the way.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public DocumentResult<byte[]>? ReadVersioned(DocumentId document)
    {
        ArgumentNullException.ThrowIfNull(document);
        _open.ThrowIfClosed();
        return _engine.Reader.ReadVersioned(document);
    }

    /// <summary>Reads a document of a sandbox and its version; otherwise as <see cref="ReadVersioned(DocumentId)"/>.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="kind">The kind of document.</param>
    /// <exception cref="ArgumentException">The id is not allowed, or the kind belongs to a container.</exception>
    public DocumentResult<T>? ReadVersioned<T>(string sandbox, DocumentKind<T> kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        _open.ThrowIfClosed();
        return _engine.Reader.ReadVersioned(kind.At(Identifier.CheckSandbox(sandbox, nameof(sandbox))), kind);
    }

    /// <summary>Reads a document of a container and its version; otherwise as <see cref="ReadVersioned(DocumentId)"/>.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="container">The container's id.</param>
    /// <param name="kind">The kind of document.</param>
    /// <exception cref="ArgumentException">An id is not allowed, or the kind belongs to a sandbox.</exception>
    public DocumentResult<T>? ReadVersioned<T>(string sandbox, string container, DocumentKind<T> kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        _open.ThrowIfClosed();
        DocumentAddress document =
            kind.At(Identifier.CheckSandbox(sandbox, nameof(sandbox)), Identifier.CheckContainer(container, nameof(container)));
        return _engine.Reader.ReadVersioned(document, kind);
    }

    /// <summary>A document as it stands, whatever its stamp says of it, and the path of its file.</summary>
    internal (StampedContent? Content, string Path) LookAt(DocumentId document)
    {
        _open.ThrowIfClosed();
        return (_engine.Reader.LookAt(document.Address), _engine.Reader.PathOf(document.Address));
    }
}
