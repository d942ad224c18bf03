using System.Collections.Generic;
using SafeStore.FileSystem;

namespace SafeStore.Kata;

/// <summary>Makes durable what another program, or a process that died, has written.</summary>
internal static class Durability
{
    /// <summary>Syncs a file and its name.</summary>
    /// <exception cref="StorageException">The operating system refused it.</exception>
    public static void Sync(IDurableFileSystem fs, DirectoryHandle directory, string name)
    {
        SyncContent(fs, directory, name);
        StorageException.ThrowIfFailed(fs.SyncDirectory(directory), "sync the directory", directory.Path);
    }

    /// <summary>
    /// Syncs a directory with the files in it, and directories below it, as deep as documents lie. Symbolic links and pipes have nothing to
    /// sync; neither has, for this store, what cannot be opened: it is no document, and is reported where it is looked at.
    /// </summary>
    /// <param name="fs">The filesystem.</param>
    /// <param name="directory">The directory.</param>
    /// <param name="levels">How many levels of directories below it.</param>
    /// <exception cref="StorageException">The operating system refused it.</exception>
    public static void SyncAll(IDurableFileSystem fs, DirectoryHandle directory, int levels)
    {
        var entries = new List<DirectoryEntry>();
        StorageException.ThrowIfFailed(fs.List(directory, entries), "list the directory", directory.Path);
        foreach (DirectoryEntry entry in entries)
        {
            if (entry.Kind == FileKind.Regular)
            {
                SyncIfOpened(fs, directory, entry.Name);
            }
            else if (entry.Kind == FileKind.Directory && levels > 0)
            {
                Errno errno = fs.OpenDirectory(directory, entry.Name, out DirectoryHandle? inner);
                if (!IsOutOfReach(errno))
                {
                    StorageException.ThrowIfFailed(errno, "open the directory", directory.Path, entry.Name);
                    using (inner)
                    {
                        SyncAll(fs, inner!, levels - 1);
                    }
                }
            }
        }

        StorageException.ThrowIfFailed(fs.SyncDirectory(directory), "sync the directory", directory.Path);
    }

    /// <summary>
    /// Removes the temp files that an <see cref="AtomicFile"/> of a process that died has left in a directory that no other process writes
    /// to.
    /// </summary>
    /// <exception cref="StorageException">The operating system refused it.</exception>
    public static void Sweep(IDurableFileSystem fs, DirectoryHandle directory)
    {
        var entries = new List<DirectoryEntry>();
        StorageException.ThrowIfFailed(fs.List(directory, entries), "list the directory", directory.Path);
        foreach (DirectoryEntry entry in entries)
        {
            if (TempName.IsFile(entry.Name))
            {
                Errno errno = fs.Unlink(directory, entry.Name);
                StorageException.ThrowIfFailed(
                    errno == Errno.NotFound ? Errno.None : errno, "remove the temp file", directory.Path, entry.Name);
            }
        }
    }

    private static void SyncIfOpened(IDurableFileSystem fs, DirectoryHandle directory, string name)
    {
        Errno errno = fs.OpenFile(directory, name, FileUse.Read, out FileHandle? file);
        if (IsOutOfReach(errno))
        {
            return;
        }

        StorageException.ThrowIfFailed(errno, "open", directory.Path, name);
        using (file)
        {
            StorageException.ThrowIfFailed(fs.SyncFile(file!), "sync", directory.Path, name);
        }
    }

    /// <summary>It is gone, it has a name that is not UTF-8 and so cannot be said, or this process may not read it.</summary>
    private static bool IsOutOfReach(Errno errno) =>
        errno is Errno.NotFound or Errno.AccessDenied or Errno.NotPermitted or Errno.SymbolicLink;

    private static void SyncContent(IDurableFileSystem fs, DirectoryHandle directory, string name)
    {
        StorageException.ThrowIfFailed(fs.OpenFile(directory, name, FileUse.Read, out FileHandle? file), "open", directory.Path, name);
        using (file)
        {
            StorageException.ThrowIfFailed(fs.SyncFile(file!), "sync", directory.Path, name);
        }
    }
}
