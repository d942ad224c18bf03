using System;

namespace SafeStore;

/// <summary>
/// A document is not what it should be: empty, not UTF-8, not JSON, or not of its type. The file is left as it is; other documents are
/// not affected. Look at the file, then put a good value in its place or delete it.
/// </summary>
public sealed class DocumentCorruptException : SafeStoreException
{
    internal DocumentCorruptException(DocumentId document, string path, long position, string reason, Exception? innerException = null)
        : base($"Could not read '{path}': {reason} at byte {position}. The file was left as it is; put a good value in its place or "
            + $"delete it.", innerException)
    {
        Document = document;
        Path = path;
        Position = position;
        Reason = reason;
    }

    /// <inheritdoc/>
    public override string Code => "corrupt";

    /// <summary>Which document.</summary>
    public DocumentId Document { get; }

    /// <summary>The file's full path.</summary>
    public string Path { get; }

    /// <summary>Where it goes wrong, in bytes from the start of the file.</summary>
    public long Position { get; }

    /// <summary>What is wrong.</summary>
    public string Reason { get; }
}

/// <summary>
/// A document is of a later version than this program knows (<see cref="DocumentKind{T}.WithUpcasters"/>): a newer program has written it.
/// The file is left as it is. Use that program or a later one.
/// </summary>
public sealed class DocumentVersionException : SafeStoreException
{
    internal DocumentVersionException(DocumentId document, string path, int version, int known)
        : base($"The document '{path}' is of version {version}, and this program knows versions up to {known}. The file was left as it is; "
            + $"use the program that has written it, or a later one.")
    {
        Document = document;
        Path = path;
        Version = version;
        Known = known;
    }

    /// <inheritdoc/>
    public override string Code => "document-version";

    /// <summary>Which document.</summary>
    public DocumentId Document { get; }

    /// <summary>The file's full path.</summary>
    public string Path { get; }

    /// <summary>Its version.</summary>
    public int Version { get; }

    /// <summary>The latest version that the program knows.</summary>
    public int Known { get; }
}

/// <summary>
/// A document is not what its last transaction wrote: its stamp does not hold (<see cref="StoreOptions.CheckStamps"/>). The file is left as
/// it is. If the edit is wanted, put the document anew, which stamps it; otherwise restore it from a backup.
/// </summary>
public sealed class DocumentStampException : SafeStoreException
{
    internal DocumentStampException(DocumentId document, string path, Lsn version, bool isEdited)
        : base($"The document '{path}' is not what transaction {version} wrote: "
            + (isEdited ? "another program has edited it since" : "it is damaged")
            + ". The file was left as it is; put a good value in its place, which stamps it, or accept what is there: "
            + $"safestore verify --accept{(isEdited ? "" : " --even-damaged")}.")
    {
        Document = document;
        Path = path;
        Version = version;
        IsEdited = isEdited;
    }

    /// <inheritdoc/>
    public override string Code => "stamp";

    /// <summary>Which document.</summary>
    public DocumentId Document { get; }

    /// <summary>The file's full path.</summary>
    public string Path { get; }

    /// <summary>The LSN in the stamp: of the transaction that wrote the document last.</summary>
    public Lsn Version { get; }

    /// <summary>
    /// Whether it was edited by another program, as far as the file's size and time tell; otherwise it is damaged.
    /// </summary>
    public bool IsEdited { get; }
}

/// <summary>
/// A document is larger than <see cref="StoreOptions.DocumentBytesMax"/>. Reading leaves it as it is; writing changes nothing.
/// </summary>
public sealed class DocumentTooLargeException : SafeStoreException
{
    internal DocumentTooLargeException(DocumentId document, string path, int limit)
        : base($"The document '{path}' goes on at byte {limit}, the limit of this store. Raise "
            + $"{nameof(StoreOptions)}.{nameof(StoreOptions.DocumentBytesMax)} (up to 64 MiB) if it should be that large.")
    {
        Document = document;
        Path = path;
        Position = limit;
    }

    /// <inheritdoc/>
    public override string Code => "too-large";

    /// <summary>Which document.</summary>
    public DocumentId Document { get; }

    /// <summary>The file's full path.</summary>
    public string Path { get; }

    /// <summary>The limit in bytes, where reading stopped.</summary>
    public long Position { get; }
}

/// <summary>A sandbox, container or document that must exist does not.</summary>
public sealed class NotFoundException : SafeStoreException
{
    internal NotFoundException(string what, string id, string advice = "Create it first, or check the id.")
        : base($"The {what} '{id}' does not exist. {advice}")
    {
        What = what;
        Id = id;
    }

    /// <inheritdoc/>
    public override string Code => "not-found";

    /// <summary>"sandbox", "container", "document", or "store" and "root" when a store is opened.</summary>
    public string What { get; }

    /// <summary>Its id; of a store or root, its path.</summary>
    public string Id { get; }
}

/// <summary>A sandbox or container that is to be created exists already. Nothing was changed.</summary>
public sealed class AlreadyExistsException : SafeStoreException
{
    internal AlreadyExistsException(string what, string id)
        : base($"The {what} '{id}' exists already. Choose another id, or remove it first.")
    {
        What = what;
        Id = id;
    }

    /// <inheritdoc/>
    public override string Code => "exists";

    /// <summary>"sandbox" or "container".</summary>
    public string What { get; }

    /// <summary>Its id.</summary>
    public string Id { get; }
}
