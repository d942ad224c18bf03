using SafeStore.FileSystem;
using SafeStore.Testing.Disks;

namespace SafeStore.Testing;

/// <summary>Renames and removals, in the order of the kernel's checks.</summary>
public sealed partial class SimulatedFileSystem
{
    /// <inheritdoc/>
    public Errno Rename(
        DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target, RenameKind kind)
    {
        SimulatedDirectory from = Of(sourceDirectory);
        SimulatedDirectory to = Of(targetDirectory);
        Operation operation = kind switch
        {
            RenameKind.Exchange => Operation.Exchange,
            RenameKind.NoReplace => Operation.RenameNoReplace,
            _ => Operation.Rename,
        };
        string detail = kind == RenameKind.Exchange && from.Place.IsSame(to.Place) ? "and " + target : "to " + Join(to, target);
        using Turn turn = Begin(operation, Join(from, source), detail, from.Place.Disk);
        return turn.Fails(out Errno errno) ? errno : turn.End(Rename(from.Place, source, to.Place, target, kind));
    }

    private Errno Rename(Place sourceDirectory, string source, Place targetDirectory, string target, RenameKind kind)
    {
        Errno errno = MountTable.CheckName(source);
        errno = errno == Errno.None ? MountTable.CheckName(target) : errno;
        errno = kind is RenameKind.Replace or RenameKind.NoReplace or RenameKind.Exchange ? errno : Errno.Invalid;
        if (errno != Errno.None)
        {
            return errno;
        }

        Disk disk = sourceDirectory.Disk;
        if (sourceDirectory.Mount != targetDirectory.Mount)
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
        if (errno != Errno.None && (errno != Errno.NotFound || to.Links == 0 || kind == RenameKind.Exchange))
        {
            return errno;
        }

        if (replaced is not null && kind == RenameKind.NoReplace)
        {
            return Errno.Exists;
        }

        errno = kind == RenameKind.Exchange ? CheckExchange(disk, from, moved!, to, replaced!)
            : CheckRename(disk, from, moved!, to, replaced);
        if (errno != Errno.None || moved == replaced)
        {
            return errno;
        }

        if (_machine.Mounts.CheckNotMounted(sourceDirectory, source) != Errno.None
            || _machine.Mounts.CheckNotMounted(targetDirectory, target) != Errno.None)
        {
            return Errno.Busy;
        }

        if (kind == RenameKind.Exchange)
        {
            disk.Exchange(from, source, to, target);
        }
        else if (replaced is DirectoryInode { Names.Count: > 0 })
        {
            return Errno.NotEmpty;
        }
        else
        {
            disk.Rename(from, source, to, target);
        }

        Touch(sourceDirectory);
        Touch(targetDirectory);
        return Errno.None;
    }

    private static Errno CheckRename(Disk disk, DirectoryInode from, Inode moved, DirectoryInode to, Inode? replaced)
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
            return Errno.None;
        }

        if (moved is DirectoryInode && replaced is not DirectoryInode)
        {
            return Errno.NotDirectory;
        }

        return moved is not DirectoryInode && replaced is DirectoryInode ? Errno.IsDirectory : Errno.None;
    }

    /// <summary>Neither side may go below itself.</summary>
    private static Errno CheckExchange(Disk disk, DirectoryInode from, Inode one, DirectoryInode to, Inode other) =>
        (one is DirectoryInode && IsSameOrBelow(disk, to, one)) || (other is DirectoryInode && IsSameOrBelow(disk, from, other))
            ? Errno.Invalid
            : Errno.None;

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

        errno = _machine.Mounts.CheckNotMounted(directory, name);
        if (errno != Errno.None)
        {
            return errno;
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

        errno = _machine.Mounts.CheckNotMounted(parent, name);
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

        return directory.Disk.IsReadOnly ? Errno.ReadOnly
            : MountTable.Find(directory.Disk, (DirectoryInode)directory.Inode, name, out inode);
    }

    private void Touch(Place directory) => directory.Inode.Written = _machine.Timers.Now;
}
