using System;
using SafeStore.FileSystem;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Locking;

/// <summary>Gives a sandbox whose lock file a copy of the store shares, by a hard link, one of its own.</summary>
internal sealed class LockSeparation(RootSet roots)
{
    private readonly IDurableFileSystem _fs = roots.FileSystem;

    /// <returns>Whether it has got one; else it had one, or there is none.</returns>
    /// <exception cref="LockTimeoutException">A process holds the lock; one that waits for it would wait for the copy's.</exception>
    public bool TrySeparate(string sandbox)
    {
        DirectoryHandle run = roots.Run.Directory;
        string path = SandboxHandles.LockPathOf(sandbox);
        Errno errno = _fs.OpenFile(run, path, FileUse.ReadWrite, out FileHandle? shared);
        StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "open the lock file", run, path);
        using (shared)
        {
            if (shared is null || !SandboxHandles.IsShared(roots, shared, out FileStatus status))
            {
                return false;
            }

            errno = _fs.TryLock(shared, LockRange.Whole, LockMode.Exclusive);
            if (errno == Errno.WouldBlock)
            {
                throw new LockTimeoutException(shared.Path, TimeSpan.Zero, _fs.LockHolders(shared), null);
            }

            StorageException.ThrowIfFailed(errno, "lock", shared);
            errno = _fs.Stat(run, path, out FileStatus named);
            StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "look at the lock file", run, path);
            if (errno == Errno.NotFound || !named.IsSameFile(status))
            {
                return false; // another process was faster, and a third may hold the new one by now
            }

            StorageException.ThrowIfFailed(
                _fs.OpenDirectory(run, sandbox, out DirectoryHandle? directory), "open the directory", run, sandbox);
            using (directory)
            {
                Replace(directory!, FilePermissions.OfSuccessor(status));
            }

            return true;
        }
    }

    /// <summary>By an empty file: whatever process locks the sandbox next looks at the log, and starts its word at the log's end.</summary>
    private void Replace(DirectoryHandle sandbox, in FilePermissions permissions)
    {
        DirectoryHandle scratch = roots.Run.Scratch.Directory;
        string name = roots.Run.Scratch.NewName();
        StorageException.ThrowIfFailed(
            _fs.CreateFile(scratch, name, permissions, out FileHandle? file), "create a lock file", scratch, name);
        using (file)
        {
            StorageException.ThrowIfFailed(_fs.SyncFile(file!), "sync a lock file", file!);
        }

        StorageException.ThrowIfFailed(
            _fs.Rename(scratch, name, sandbox, Identifier.LockFile, RenameKind.Replace), "replace the lock file", sandbox);
        StorageException.ThrowIfFailed(_fs.SyncDirectory(sandbox), "sync the directory", sandbox);
    }
}
