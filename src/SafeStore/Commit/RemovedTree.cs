using System.Collections.Generic;
using SafeStore.FileSystem;

namespace SafeStore.Commit;

/// <summary>Removes directories that were renamed aside, or never appeared, with everything in them. No link is followed.</summary>
internal static class RemovedTree
{
    /// <summary>Removes a directory tree; false if something is left, to be tried again at the next recovery.</summary>
    public static bool TryRemove(IDurableFileSystem fs, DirectoryHandle parent, string name) => Remove(fs, parent, name) is Errno.None or Errno.NotFound;

    public static Errno Remove(IDurableFileSystem fs, DirectoryHandle parent, string name)
    {
        Errno errno = Empty(fs, parent, name, out DirectoryHandle? directory);
        directory?.Dispose();
        return errno != Errno.None ? errno : fs.RemoveDirectory(parent, name);
    }

    /// <summary>Removes what is in a directory, and leaves it open.</summary>
    public static Errno Empty(IDurableFileSystem fs, DirectoryHandle parent, string name, out DirectoryHandle? directory)
    {
        Errno errno = fs.OpenDirectory(parent, name, out directory);
        if (errno != Errno.None)
        {
            return errno;
        }

        var entries = new List<DirectoryEntry>();
        errno = fs.List(directory!, entries);
        foreach (DirectoryEntry entry in entries)
        {
            Errno failure = entry.Kind == FileKind.Directory ? Remove(fs, directory!, entry.Name) : fs.Unlink(directory!, entry.Name);
            errno = errno == Errno.None && failure != Errno.NotFound ? failure : errno;
        }

        return errno;
    }
}
