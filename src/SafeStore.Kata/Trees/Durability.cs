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

    /// <summary>Syncs a directory with all files and directories below it; symbolic links and pipes have nothing to sync.</summary>
    /// <exception cref="StorageException">The operating system refused it.</exception>
    public static void SyncAll(IDurableFileSystem fs, DirectoryHandle directory)
    {
        var entries = new List<DirectoryEntry>();
        StorageException.ThrowIfFailed(fs.List(directory, entries), "list the directory", directory.Path);
        foreach (DirectoryEntry entry in entries)
        {
            if (entry.Kind == FileKind.Regular)
            {
                SyncContent(fs, directory, entry.Name);
            }
            else if (entry.Kind == FileKind.Directory)
            {
                StorageException.ThrowIfFailed(fs.OpenDirectory(directory, entry.Name, out DirectoryHandle? inner), "open the directory", directory.Path, entry.Name);
                using (inner)
                {
                    SyncAll(fs, inner!);
                }
            }
        }

        StorageException.ThrowIfFailed(fs.SyncDirectory(directory), "sync the directory", directory.Path);
    }

    /// <summary>Removes the temp files that an <see cref="AtomicFile"/> of a process that died has left in a directory that nobody else writes to.</summary>
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
                StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "remove the temp file", directory.Path, entry.Name);
            }
        }
    }

    private static void SyncContent(IDurableFileSystem fs, DirectoryHandle directory, string name)
    {
        StorageException.ThrowIfFailed(fs.OpenFile(directory, name, FileUse.Read, out FileHandle? file), "open", directory.Path, name);
        using (file)
        {
            StorageException.ThrowIfFailed(fs.SyncFile(file!), "sync", directory.Path, name);
        }
    }
}
