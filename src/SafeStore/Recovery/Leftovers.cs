using System.Collections.Generic;
using SafeStore.FileSystem;
using SafeStore.Roots;

namespace SafeStore.Recovery;

/// <summary>
/// What could not be emptied in the scratch directories, and will be by a later opener. A power loss may have left a directory there that
/// is published too: nothing may be written into that.
/// </summary>
internal sealed class Leftovers(RootSet roots)
{
    private List<FileStatus>? _found;

    /// <exception cref="StorageException">The directory is one of them (EBUSY).</exception>
    public void Check(DirectoryHandle directory)
    {
        _found ??= Find();
        if (_found.Count > 0)
        {
            StorageException.ThrowIfFailed(
                roots.FileSystem.Stat(directory, out FileStatus status), "look at the directory", directory);
            StorageException.ThrowIfFailed(
                _found.Exists(left => left.IsSameFile(status)) ? Errno.Busy : Errno.None,
                "build anew what is in the scratch directory too", directory);
        }
    }

    private List<FileStatus> Find()
    {
        var found = new List<FileStatus>();
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            foreach (string owner in NamesIn(root, "."))
            {
                foreach (string name in NamesIn(root, owner))
                {
                    if (roots.FileSystem.Stat(root.Scratches, $"{owner}/{name}", out FileStatus status) == Errno.None)
                    {
                        found.Add(status);
                    }
                }
            }
        }

        return found;
    }

    private List<string> NamesIn(RootDirectory root, string owner)
    {
        var entries = new List<DirectoryEntry>();
        Errno errno = owner == "." ? roots.FileSystem.List(root.Scratches, entries)
            : roots.FileSystem.List(root.Scratches, owner, entries);
        bool isNone = errno is Errno.NotFound or Errno.NotDirectory or Errno.SymbolicLink; // another program's file beside the directories
        StorageException.ThrowIfFailed(isNone ? Errno.None : errno, "list the directory", root.Scratches, owner);
        return entries.ConvertAll(static entry => entry.Name);
    }
}
