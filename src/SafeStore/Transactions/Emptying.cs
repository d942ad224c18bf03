using System.Collections.Generic;
using SafeStore.FileSystem;

namespace SafeStore.Transactions;

/// <summary>Removes directories that were renamed aside, or never appeared, with everything in them. No link is followed.</summary>
internal static class Emptying
{
    /// <summary>Removes a directory tree; false if something is left, to be tried again at the next recovery.</summary>
    public static bool TryRemove(IDurableFileSystem fs, DirectoryHandle parent, string name) => Remove(fs, parent, name) is Errno.None or Errno.NotFound;

    public static Errno Remove(IDurableFileSystem fs, DirectoryHandle parent, string name)
    {
        Errno errno = fs.OpenDirectory(parent, name, out DirectoryHandle? directory);
        if (errno != Errno.None)
        {
            return errno;
        }

        using (directory)
        {
            var entries = new List<DirectoryEntry>();
            errno = fs.List(directory!, entries);
            foreach (DirectoryEntry entry in entries)
            {
                Errno failure = entry.Kind == FileKind.Directory ? Remove(fs, directory!, entry.Name) : fs.Unlink(directory!, entry.Name);
                errno = errno == Errno.None && failure != Errno.NotFound ? failure : errno;
            }
        }

        return errno != Errno.None ? errno : fs.RemoveDirectory(parent, name);
    }
}
