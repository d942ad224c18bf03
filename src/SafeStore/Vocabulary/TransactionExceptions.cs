using System;

namespace SafeStore;

/// <summary>
/// A sandbox or document is no longer at the version at which it was read: it was changed meanwhile. Nothing was changed; read again and
/// decide anew.
/// </summary>
public sealed class VersionConflictException : SafeStoreException
{
    internal VersionConflictException(string sandbox, Lsn required, Lsn actual)
        : base($"The sandbox '{sandbox}' is at version {actual}, not at {required}: it was changed meanwhile. Read it again and "
            + $"decide anew.")
    {
        Sandbox = sandbox;
        Required = required;
        Actual = actual;
    }

    internal VersionConflictException(DocumentId document, Lsn required, Lsn actual, string reason)
        : base($"The document '{document}' is not as version {required} left it: {reason}. Read it again and decide anew.")
    {
        Sandbox = document.Sandbox;
        Document = document;
        Required = required;
        Actual = actual;
    }

    /// <inheritdoc/>
    public override string Code => "version-conflict";

    /// <summary>The sandbox.</summary>
    public string Sandbox { get; }

    /// <summary>The document, if the version of one was required.</summary>
    public DocumentId? Document { get; }

    /// <summary>The version that was required.</summary>
    public Lsn Required { get; }

    /// <summary>The version that it has; of a document the one of its stamp, 0 without.</summary>
    public Lsn Actual { get; }
}

/// <summary>
/// A transaction is durable, but an error kept it from becoming wholly visible. Do not repeat it: the next lock of its sandboxes
/// finishes it. Until then single documents may show the old or the new content.
/// </summary>
public sealed class CommitNotPublishedException : SafeStoreException
{
    internal CommitNotPublishedException(Lsn lsn, Exception innerException)
        : base($"The transaction with LSN {lsn} is durable but not wholly visible yet: {innerException.Message} Do not repeat it; mend "
            + $"the cause and lock its sandboxes again, which finishes it.", innerException) =>
        Lsn = lsn;

    /// <inheritdoc/>
    public override string Code => "not-published";

    /// <summary>The transaction's number.</summary>
    public Lsn Lsn { get; }
}

/// <summary>
/// The log has reached twice its limit, and something keeps it from being shortened. Nothing was changed. Sandboxes can be removed
/// nevertheless.
/// </summary>
internal sealed class LogFullException : SafeStoreException
{
    internal LogFullException(string path, string bytesMax, string reason)
        : base($"The log '{path}' has reached its bound of {bytesMax} bytes, and nothing was changed: {reason} Let that process go on, or "
            + $"end it; mend what is in the way; or remove that sandbox.") =>
        Path = path;

    /// <inheritdoc/>
    public override string Code => "log-full";

    /// <summary>The log's directory.</summary>
    public string Path { get; }
}
