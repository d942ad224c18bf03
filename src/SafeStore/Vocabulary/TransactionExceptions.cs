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
/// A sandbox is not removed, since something is still to be undone in it and would be forgotten with it. Nothing was changed. Let the
/// program that has the undo handlers lock it, which undoes it; or remove it and say that its intents are to be forgotten.
/// </summary>
public sealed class PendingIntentsException : SafeStoreException
{
    internal PendingIntentsException(string sandbox, string path, int? count)
        : base($"The sandbox '{sandbox}' was not removed: {(count is null ? "side effects may be" : $"{count} side effects are")} "
            + $"still to be undone, by '{path}', and would be forgotten with it. Let the program that has the undo handlers lock it, or "
            + "say that its intents are to be forgotten.")
    {
        Sandbox = sandbox;
        Path = path;
        Count = count;
    }

    /// <inheritdoc/>
    public override string Code => "pending-intents";

    /// <summary>The sandbox.</summary>
    public string Sandbox { get; }

    /// <summary>The record of its intents.</summary>
    public string Path { get; }

    /// <summary>How many intents the record names; null if it cannot be read.</summary>
    public int? Count { get; }
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
