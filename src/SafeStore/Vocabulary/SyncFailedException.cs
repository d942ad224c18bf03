using SafeStore.FileSystem;

namespace SafeStore.Vocabulary;

/// <summary>
/// A sync that durability depends on has failed. The kernel may have dropped the pages, and a second sync may succeed without them
/// (Rebello et al., "Can applications recover from fsync failures?", ATC 2020), so nothing that depends on it can be believed: the code
/// that catches this faults the store.
/// </summary>
internal sealed class SyncFailedException(string path, Errno errno)
    : SafeStoreException($"Could not sync '{path}': errno {(int)errno} ({errno}).")
{
    public override string Code => "sync-failed";

    public string Path => path;

    public Errno Errno => errno;
}
