using System.Collections.Generic;
using SafeStore.FileSystem;

namespace SafeStore.Roots;

/// <summary>
/// Removes a directory tree that lies in a scratch directory. A directory in it is moved up, beside it, and emptied in its turn: neither
/// the tree's depth nor the limit of descriptors matters. No link is followed, and what another filesystem or mount shows inside the tree
/// is not touched.
/// </summary>
internal static class RemovedTree
{
    /// <returns>False if something is left in the scratch directory: the next opener tries again.</returns>
    public static bool TryRemove(IDurableFileSystem fs, ScratchDirectory scratch, string name)
    {
        if (fs.Stat(scratch.Directory, out FileStatus place) != Errno.None)
        {
            return false;
        }

        bool isComplete = true;
        var left = new Stack<string>([name]);
        while (left.TryPop(out string? next))
        {
            Errno errno = fs.OpenDirectory(scratch.Directory, next, out DirectoryHandle? directory);
            using (directory)
            {
                if (errno == Errno.None && fs.Stat(directory!, out FileStatus status) == Errno.None && status.IsOnMountOf(place))
                {
                    Empty(fs, scratch, directory!, left);
                }
            }

            errno = errno is Errno.NotDirectory or Errno.SymbolicLink ? fs.Unlink(scratch.Directory, next) : errno == Errno.NotFound ? errno
                : fs.RemoveDirectory(scratch.Directory, next);
            isComplete &= errno is Errno.None or Errno.NotFound;
        }

        return isComplete;
    }

    /// <summary>Unlinks what is in a directory; directories in it go up to the scratch directory.</summary>
    private static void Empty(IDurableFileSystem fs, ScratchDirectory scratch, DirectoryHandle directory, Stack<string> left)
    {
        var entries = new List<DirectoryEntry>();
        _ = fs.List(directory, entries); // what cannot be listed keeps its directory from being removed, which tells
        foreach (DirectoryEntry entry in entries)
        {
            if (entry.Kind != FileKind.Directory)
            {
                _ = fs.Unlink(directory, entry.Name);
                continue;
            }

            string moved = scratch.NewName();
            if (fs.Rename(directory, entry.Name, scratch.Directory, moved, RenameKind.NoReplace) == Errno.None)
            {
                left.Push(moved);
            }
            else
            {
                _ = fs.RemoveDirectory(directory, entry.Name); // an empty one need not be moved, which takes a right of its own
            }
        }
    }
}
