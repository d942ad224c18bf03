namespace SafeStore.FileSystem;

/// <summary>What a rename does with the name that it goes to.</summary>
public enum RenameKind
{
    /// <summary>Takes it over from the file that has it, if there is one. Readers see the old or the new file, never neither.</summary>
    Replace,

    /// <summary>Refuses with <see cref="Errno.Exists"/> if it is taken.</summary>
    NoReplace,

    /// <summary>
    /// Gives its file the source's name at the same moment; both must exist. <see cref="Errno.Invalid"/> or
    /// <see cref="Errno.NotImplemented"/> where the filesystem cannot.
    /// </summary>
    Exchange,
}
