using System;

namespace SafeStore;

/// <summary>
/// A document among the keys of data protection holds no XML: another program has written it. It is left as it is; restore it from a
/// backup, or remove it, which loses what was protected with it.
/// </summary>
public sealed class StoredKeyException : SafeStoreException
{
    internal StoredKeyException(DocumentId document, Exception cause)
        : base(
            $"The document '{document}' among the keys of data protection holds no XML: {cause.Message} Restore it from a backup; or "
            + "remove it, which loses what was protected with it.", cause) =>
        Document = document;

    /// <inheritdoc/>
    public override string Code => "stored-key";

    /// <summary>Which document.</summary>
    public DocumentId Document { get; }
}
