using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Roots;

namespace SafeStore.Changes;

/// <summary>Tells by the lock words, without any lock, whether the files show a transaction.</summary>
internal sealed class Visibility(IDurableFileSystem fs, DirectoryHandle config, DirectoryHandle run, DirectoryHandle runMetadata)
{
    /// <summary>
    /// Whether a sandbox shows its transaction with this LSN, or a later one; also if it is gone, since its removal is a transaction too,
    /// or the matter of another program.
    /// </summary>
    /// <exception cref="StorageException">Its lock file may not be read.</exception>
    public bool Shows(string sandbox, Lsn lsn)
    {
        // In this order: a creation leaves new/ by appearing in the run root, first of all roots; a removal takes it from there last.
        bool isBegun = Exists(runMetadata, $"{RootDirectory.NewName}/{sandbox}");
        return LockWord.TryRead(fs, run, SandboxHandles.LockPathOf(sandbox)) is { } word
            ? word.State != LockWordState.Unknown && word.Lsn >= lsn
            : !isBegun && !Exists(run, sandbox) && !Exists(config, sandbox);
    }

    private bool Exists(DirectoryHandle directory, string name)
    {
        Errno errno = fs.Stat(directory, name, out _);
        StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "look at", directory, name);
        return errno == Errno.None;
    }
}
