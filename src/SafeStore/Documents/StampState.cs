namespace SafeStore.Documents;

/// <summary>What a document's stamp says of its content.</summary>
internal enum StampState
{
    /// <summary>
    /// There is none: another program has put the file there, an older version of SafeStore wrote it, or the filesystem keeps no
    /// attributes of users or had no space for one.
    /// </summary>
    None,

    /// <summary>The content is what the transaction wrote whose LSN the stamp has.</summary>
    Holds,

    /// <summary>
    /// Another program has edited the file in place: it was written after the stamp, or its size is another one.
    /// </summary>
    Edited,

    /// <summary>Content or stamp is damaged: they differ, though neither size nor time tells of an edit.</summary>
    Damaged,

    /// <summary>There is one that this version cannot read.</summary>
    Unknown,
}
