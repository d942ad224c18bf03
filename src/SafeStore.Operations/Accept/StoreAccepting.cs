using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Documents;
using SafeStore.Operations.Accept;

namespace SafeStore.Operations;

/// <summary>What a document's stamp says of its content.</summary>
public enum StampCondition
{
    /// <summary>There is none that this version can read, so nothing is said.</summary>
    None,

    /// <summary>The content is what a transaction of the store wrote.</summary>
    Holds,

    /// <summary>Another program has edited the document, as its time or its size tells.</summary>
    Edited,

    /// <summary>The document is damaged: the content is another one, and nothing tells of an edit.</summary>
    Damaged,
}

/// <summary>A document that is accepted as it stands.</summary>
/// <param name="Document">Which document.</param>
/// <param name="Before">What its stamp said of it.</param>
/// <param name="Lsn">The transaction that stamped it; null if the stamp held already, or if nothing was to be written.</param>
public sealed record AcceptedDocument(DocumentId Document, StampCondition Before, Lsn? Lsn);

/// <summary>Takes what another program has made of a document as good.</summary>
public static class StoreAccepting
{
    /// <summary>
    /// Accepts a document as it stands: under its sandbox's lock, a transaction writes the very bytes again, which stamps them. The
    /// document is durable and stamped on return; one whose stamp holds is left alone, so that a repetition does no harm. Another program
    /// that writes the file meanwhile without the lock may lose what it writes.
    /// </summary>
    /// <param name="store">The store.</param>
    /// <param name="document">Which document.</param>
    /// <param name="evenDamaged">Whether it may be one that is damaged, as far as its stamp tells.</param>
    /// <param name="cancellationToken">Ends it before the commit.</param>
    /// <exception cref="NotFoundException">The sandbox or the document does not exist.</exception>
    /// <exception cref="DocumentStampException">It is damaged, and that is not to be accepted. Nothing was changed.</exception>
    /// <exception cref="DocumentCorruptException">It is not JSON that the store would write. Nothing was changed.</exception>
    /// <exception cref="DocumentTooLargeException">It is larger than <see cref="StoreOptions.DocumentBytesMax"/>.</exception>
    /// <exception cref="LockTimeoutException">The sandbox's lock was not to be had in time.</exception>
    /// <exception cref="LockAlreadyHeldException">This flow of execution holds a sandbox's lock.</exception>
    /// <exception cref="StoreFaultedException">The store is faulted.</exception>
    /// <exception cref="StoreReadOnlyException">The store was opened read-only.</exception>
    /// <exception cref="SafeStoreException">The log has no room (<c>log-full</c>).</exception>
    /// <exception cref="CommitNotPublishedException">It is committed, and becomes visible with the sandbox's next lock.</exception>
    /// <exception cref="StorageException">The operating system refused a call, or the sandbox is parked.</exception>
    /// <exception cref="ObjectDisposedException">The store was closed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; nothing was changed.</exception>
    public static async Task<AcceptedDocument> AcceptAsync(
        this StateStore store, DocumentId document, bool evenDamaged = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(document);
        SandboxLock held = await store.LockAsync(document.Sandbox, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            (StampedContent? found, string path) = store.LookAt(document);
            using StampedContent content = found ?? throw new NotFoundException("document", document.ToString());
            StampCondition before = Acceptance.Check(document, path, content, evenDamaged);
            Lsn? lsn = before == StampCondition.Holds ? null
                : await held.Change().PutJson(document.Root, document.Container, document.File, content.Bytes)
                    .CommitAsync(cancellationToken).ConfigureAwait(false);
            return new AcceptedDocument(document, before, lsn);
        }
    }
}
