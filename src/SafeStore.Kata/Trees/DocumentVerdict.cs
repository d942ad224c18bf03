namespace SafeStore.Kata;

/// <summary>What a document turned out to be.</summary>
public enum DocumentVerdict
{
    /// <summary>It is read as its type, and written back it has the same value.</summary>
    Ok,

    /// <summary>It is valid JSON of a kind that the model does not have: it is kept as it stands.</summary>
    UnknownKind,

    /// <summary>It is read as its type, but written back it has another value.</summary>
    Different,

    /// <summary>It is empty, not JSON, or not of its type.</summary>
    Damaged,
}
