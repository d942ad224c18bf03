using SafeStore.FileSystem;
using SafeStore.Testing.Disks;

namespace SafeStore.Testing;

/// <summary>Renames and removals, in the order of the kernel's checks.</summary>
public sealed partial class SimulatedFileSystem
{
    private const Errno Busy = (Errno)16;
    private const Errno TooManyLinks = (Errno)31;

    private Errno Rename(Operation operation, SimulatedDirectory sourceDirectory, string source, SimulatedDirectory targetDirectory, string target)
    {
        using Turn turn = Begin(operation, Join(sourceDirectory, source), "to " + Join(targetDirectory, target), sourceDirectory.Place.Disk);
        return turn.Fails(out Errno errno)
            ? errno
            : turn.End(Rename(sourceDirectory.Place, source, targetDirectory.Place, target, replaces: operation == Operation.Rename));
    }

    private Errno Rename(Place sourceDirectory, string source, Place targetDirectory, string target, bool replaces)
    {
        Errno errno = MountTable.CheckName(source);
        errno = errno == Errno.None ? MountTable.CheckName(target) : errno;
        if (errno != Errno.None)
        {
            return errno;
        }

        Disk disk = sourceDirectory.Disk;
        if (disk != targetDirectory.Disk)
        {
            return Errno.CrossDevice;
        }

        if (disk.IsReadOnly)
        {
            return Errno.ReadOnly;
        }

        var from = (DirectoryInode)sourceDirectory.Inode;
        var to = (DirectoryInode)targetDirectory.Inode;
        errno = MountTable.Find(disk, from, source, out Inode? moved);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = MountTable.Find(disk, to, target, out Inode? replaced);
        if (errno != Errno.None && (errno != Errno.NotFound || to.Links == 0))
        {
            return errno;
        }

        if (replaced is not null && !replaces)
        {
            return Errno.Exists;
        }

        errno = CheckRename(disk, from, moved!, to, replaced);
        if (errno != Errno.None || moved == replaced)
        {
            return errno;
        }

        disk.Rename(from, source, to, target);
        Touch(sourceDirectory);
        Touch(targetDirectory);
        return Errno.None;
    }

    private Errno CheckRename(Disk disk, DirectoryInode from, Inode moved, DirectoryInode to, Inode? replaced)
    {
        if (moved is DirectoryInode && IsSameOrBelow(disk, to, moved))
        {
            return Errno.Invalid;
        }

        if (replaced is DirectoryInode && IsSameOrBelow(disk, from, replaced))
        {
            return Errno.NotEmpty;
        }

        if (moved == replaced || replaced is null)
        {
            return _machine.Mounts.CheckNotMounted(disk, moved);
        }

        if (moved is DirectoryInode && replaced is not DirectoryInode)
        {
            return Errno.NotDirectory;
        }

        if (moved is not DirectoryInode && replaced is DirectoryInode)
        {
            return Errno.IsDirectory;
        }

        if (_machine.Mounts.CheckNotMounted(disk, moved) != Errno.None || _machine.Mounts.CheckNotMounted(disk, replaced) != Errno.None)
        {
            return Busy;
        }

        return replaced is DirectoryInode { Names.Count: > 0 } ? Errno.NotEmpty : Errno.None;
    }

    private static bool IsSameOrBelow(Disk disk, DirectoryInode directory, Inode ancestor)
    {
        for (DirectoryInode current = directory; ; current = (DirectoryInode)disk[current.Parent])
        {
            if (current == ancestor)
            {
                return true;
            }

            if (current.Number == Disk.RootNumber || current.Parent == current.Number)
            {
                return false;
            }
        }
    }

    private Errno Exchange(Place directory, string first, string second)
    {
        Errno errno = MountTable.CheckName(first);
        errno = errno == Errno.None ? MountTable.CheckName(second) : errno;
        if (errno != Errno.None)
        {
            return errno;
        }

        var inode = (DirectoryInode)directory.Inode;
        if (directory.Disk.IsReadOnly)
        {
            return Errno.ReadOnly;
        }

        errno = MountTable.Find(directory.Disk, inode, first, out Inode? one);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = MountTable.Find(directory.Disk, inode, second, out Inode? other);
        if (errno != Errno.None)
        {
            return errno;
        }

        if (one != other)
        {
            if (_machine.Mounts.CheckNotMounted(directory.Disk, one!) != Errno.None || _machine.Mounts.CheckNotMounted(directory.Disk, other!) != Errno.None)
            {
                return Busy;
            }

            directory.Disk.Exchange(inode, first, second);
            Touch(directory);
        }

        return Errno.None;
    }

    private Errno Unlink(Place directory, string name)
    {
        Errno errno = CheckRemoval(directory, name, out Inode? inode);
        if (errno != Errno.None)
        {
            return errno;
        }

        if (inode is DirectoryInode)
        {
            return Errno.IsDirectory;
        }

        directory.Disk.Remove((DirectoryInode)directory.Inode, name);
        Touch(directory);
        return Errno.None;
    }

    private Errno RemoveDirectory(Place parent, string name)
    {
        Errno errno = CheckRemoval(parent, name, out Inode? inode);
        if (errno != Errno.None)
        {
            return errno;
        }

        if (inode is not DirectoryInode directory)
        {
            return Errno.NotDirectory;
        }

        errno = _machine.Mounts.CheckNotMounted(parent.Disk, directory);
        if (errno == Errno.None && directory.Names.Count > 0)
        {
            errno = Errno.NotEmpty;
        }

        if (errno == Errno.None)
        {
            parent.Disk.Remove((DirectoryInode)parent.Inode, name);
            Touch(parent);
        }

        return errno;
    }

    private static Errno CheckRemoval(Place directory, string name, out Inode? inode)
    {
        inode = null;
        Errno errno = MountTable.CheckName(name);
        if (errno != Errno.None)
        {
            return errno;
        }

        return directory.Disk.IsReadOnly ? Errno.ReadOnly : MountTable.Find(directory.Disk, (DirectoryInode)directory.Inode, name, out inode);
    }

    private void Touch(Place directory) => directory.Inode.Written = _machine.Timers.Now;
}
