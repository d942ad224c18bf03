using System;

namespace SafeStore;

/// <summary>
/// A document of a section of configuration cannot be read as settings: it names a key twice, in other letters for instance. It is left as
/// it is.
/// </summary>
public sealed class SectionException : SafeStoreException
{
    internal SectionException(DocumentId document, Exception cause)
        : base($"The document '{document}' cannot be read as settings: {cause.Message} Mend it, or remove it.", cause) =>
        Document = document;

    /// <inheritdoc/>
    public override string Code => "section";

    /// <summary>Which document.</summary>
    public DocumentId Document { get; }
}
