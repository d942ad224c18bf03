namespace SafeStore.Kata;

/// <summary>What became of a file, or what it was found to be.</summary>
public enum FileOutcome
{
    /// <summary>It is in the store now (in a dry run: it would be).</summary>
    Imported,

    /// <summary>It is durable where it is, and a document of the store now (in a dry run: it would be).</summary>
    Adopted,

    /// <summary>It was written.</summary>
    Exported,

    /// <summary>It is read as its type and would be written back with the same value.</summary>
    Ok,

    /// <summary>It is valid JSON of a kind that the model does not have.</summary>
    UnknownKind,

    /// <summary>It was there already, with the same bytes.</summary>
    Unchanged,

    /// <summary>It is no document: a lock file, a temp file, something of another program.</summary>
    Ignored,

    /// <summary>The other side has another content, or, for a check, what would be written back has another value. Left as it is.</summary>
    Differs,

    /// <summary>It is empty, not JSON, or not of its type. Left as it is.</summary>
    Damaged,

    /// <summary>It is larger than a document may be. Left as it is.</summary>
    TooLarge,

    /// <summary>It is a symbolic link, and none is followed. Left as it is.</summary>
    SymbolicLink,

    /// <summary>Its name, or that of its directory, cannot be that of a sandbox, container or document. Left as it is.</summary>
    OddName,

    /// <summary>The operating system did not let it be read, or its sandbox be locked. Left as it is.</summary>
    Unreadable,

    /// <summary>It is damaged, too large or oddly named, and its bytes are in quarantine now.</summary>
    Quarantined,

    /// <summary>It is as it should be, but another file of its sandbox is not, so that the sandbox is not imported.</summary>
    LeftOut,
}
