using System.Collections.Generic;
using SafeStore.FileSystem;
using SafeStore.Roots;

namespace SafeStore.Commit;

/// <summary>
/// A directory with a mount point in it is not removed: what is mounted there belongs to others. Bind mounts have the device of what they
/// show, so mounts are compared, not devices.
/// </summary>
internal sealed class MountRules(RootSet roots)
{
    /// <summary>Looks for mount points in a sandbox, in every root.</summary>
    /// <exception cref="StorageException">There is one (EBUSY).</exception>
    public void CheckRemoval(string sandbox)
    {
        foreach (RootDirectory root in roots.InOrderOfRemoval)
        {
            CheckRemoval(root, sandbox);
        }
    }

    /// <summary>Looks for mount points at a path below a root; one that does not exist has none.</summary>
    /// <exception cref="StorageException">There is one (EBUSY).</exception>
    public void CheckRemoval(RootDirectory root, string path)
    {
        IDurableFileSystem fs = roots.FileSystem;
        if (fs.Stat(root.Directory, path, out FileStatus status) == Errno.None)
        {
            Check(status, root, path);
        }

        var entries = new List<DirectoryEntry>();
        var left = new Stack<string>([path]);
        while (left.TryPop(out string? next))
        {
            entries.Clear();
            if (fs.List(root.Directory, next, entries) != Errno.None)
            {
                continue; // what cannot be listed cannot be emptied: it waits in the scratch directory
            }

            foreach (DirectoryEntry entry in entries)
            {
                string inner = $"{next}/{entry.Name}";
                if (fs.Stat(root.Directory, inner, out status) == Errno.None)
                {
                    Check(status, root, inner);
                }

                if (entry.Kind == FileKind.Directory)
                {
                    left.Push(inner);
                }
            }
        }
    }

    private static void Check(in FileStatus status, RootDirectory root, string path)
    {
        if (!status.IsOnMountOf(root.Status))
        {
            throw new StorageException("remove a directory with a mount point in it", $"{root.Directory.Path}/{path}", Errno.Busy);
        }
    }
}
