namespace SafeStore;

/// <summary>
/// How a document that exists gets its new content. Readers see no difference: the name stands for the old file or for the new one at any
/// time. Programs that watch the directory by inotify do.
/// </summary>
public enum DocumentReplacing
{
    /// <summary>
    /// The new file and the old one exchange their names (RENAME_EXCHANGE), then the old one is removed outside the sandbox. The default,
    /// and the faster way. A watcher of the sandbox is told that the name came (IN_MOVED_TO) and that it went (IN_MOVED_FROM): one that
    /// believes the last event takes the document for gone. Not used on tmpfs, where a rename costs the same.
    /// </summary>
    Exchange,

    /// <summary>
    /// The new file is renamed over the old one. A watcher is told that the name came (IN_MOVED_TO), and no more. Costs some 60 us more
    /// per document on ext4, which allocates and writes the new file's blocks first, and a discard on a mount with that option.
    /// </summary>
    Rename,
}
