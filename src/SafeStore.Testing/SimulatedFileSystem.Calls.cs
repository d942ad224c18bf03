using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Testing.Disks;

namespace SafeStore.Testing;

/// <summary>What the calls do, once a fault has not befallen them; the machine's gate is held.</summary>
public sealed partial class SimulatedFileSystem
{
    private const Errno Busy = (Errno)16;
    private const Errno TooManyLinks = (Errno)31;

    private Errno Open(Place place, string path, out DirectoryHandle? directory)
    {
        directory = null;
        if (place.Inode is not DirectoryInode)
        {
            return Errno.NotDirectory;
        }

        if (_process.Handles.Count >= _machine.HandlesMax)
        {
            return Errno.ProcessFileLimit;
        }

        var opened = new SimulatedDirectory(_process, place, path);
        _process.Handles.Add(opened);
        directory = opened;
        return Errno.None;
    }

    private Errno Open(Place place, string path, bool canWrite, out FileHandle? file)
    {
        file = null;
        if (canWrite && place.Inode is DirectoryInode)
        {
            return Errno.IsDirectory;
        }

        if (canWrite && place.Disk.IsReadOnly)
        {
            return Errno.ReadOnly;
        }

        if (_process.Handles.Count >= _machine.HandlesMax)
        {
            return Errno.ProcessFileLimit;
        }

        var opened = new SimulatedFile(_process, place, path, canWrite);
        _process.Handles.Add(opened);
        file = opened;
        return Errno.None;
    }

    private Errno Create(Place directory, string name, UnixFileMode mode, out Place created)
    {
        created = default;
        Errno errno = CheckNew(directory, name);
        if (errno == Errno.None && _process.Handles.Count >= _machine.HandlesMax)
        {
            errno = Errno.ProcessFileLimit;
        }

        if (errno != Errno.None)
        {
            return errno;
        }

        FileInode file = directory.Disk.NewFile(mode, _machine.Timers.Now);
        directory.Disk.Add((DirectoryInode)directory.Inode, name, file);
        Touch(directory);
        created = new Place(directory.Disk, file);
        return Errno.None;
    }

    private Errno MakeDirectory(Place parent, string name, UnixFileMode mode)
    {
        Errno errno = CheckNew(parent, name);
        if (errno != Errno.None)
        {
            return errno;
        }

        parent.Disk.Add((DirectoryInode)parent.Inode, name, parent.Disk.NewDirectory(mode, _machine.Timers.Now));
        Touch(parent);
        return Errno.None;
    }

    private Errno CheckNew(Place directory, string name)
    {
        Errno errno = MountTable.CheckName(name);
        if (errno == Errno.None)
        {
            errno = _machine.Mounts.Find(directory, name, out _) is var found && found == Errno.None ? Errno.Exists : found;
        }

        if (errno != Errno.NotFound)
        {
            return errno;
        }

        if (directory.Inode.Links == 0)
        {
            return Errno.NotFound;
        }

        return directory.Disk.IsReadOnly ? Errno.ReadOnly : directory.Disk.InodesMax != long.MaxValue && directory.Disk.InodesUsed() >= directory.Disk.InodesMax ? Errno.NoSpace : Errno.None;
    }

    private static Errno List(Place directory, ICollection<DirectoryEntry> entries)
    {
        foreach ((string name, long number) in ((DirectoryInode)directory.Inode).Names.OrderBy(static entry => entry.Key, StringComparer.Ordinal))
        {
            entries.Add(new DirectoryEntry(name, KindOf(directory.Disk[number])));
        }

        return Errno.None;
    }

    private Errno StatOpen(Place place, string path, out FileStatus status)
    {
        status = default;
        using Turn turn = Begin(Operation.Stat, path, disk: place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        status = StatusOf(place);
        return turn.End(Errno.None);
    }

    private static FileStatus StatusOf(Place place)
    {
        Inode inode = place.Inode;
        long size = inode switch
        {
            FileInode file => file.Content.Size,
            LinkInode link => System.Text.Encoding.UTF8.GetByteCount(link.Target),
            _ => 4096,
        };
        long links = inode.Links;
        if (inode is DirectoryInode directory && links > 0)
        {
            links = 2 + directory.Names.Values.Count(number => place.Disk[number] is DirectoryInode);
        }

        return new FileStatus(KindOf(inode), place.Disk.Device, (ulong)inode.Number, size, inode.Metadata.Mode, links);
    }

    private static FileKind KindOf(Inode inode) => inode switch
    {
        FileInode => FileKind.Regular,
        DirectoryInode => FileKind.Directory,
        _ => FileKind.SymbolicLink,
    };

    /// <summary>How many bytes of a write there is space for.</summary>
    private static long Room(Disk disk, FileInode file, long offset, long length)
    {
        if (disk.BytesMax == long.MaxValue)
        {
            return length;
        }

        long limit = Disk.BlocksOf(file.Content.Size) + Math.Max(0, (disk.BytesMax - disk.BytesUsed()) / 4096 * 4096);
        return Math.Clamp(limit - offset, 0, length);
    }

    private static Errno Allocate(SimulatedFile opened, long size)
    {
        if (size < 0)
        {
            return Errno.Invalid;
        }

        if (!opened.CanWrite || opened.Place.Inode is not FileInode file)
        {
            return Errno.BadHandle;
        }

        if (size <= file.Content.Size)
        {
            return Errno.None;
        }

        if (Room(opened.Place.Disk, file, 0, size) < size)
        {
            return Errno.NoSpace;
        }

        opened.Place.Disk.Resize(file, size);
        return Errno.None;
    }

    private Errno Sync(Operation operation, FileHandle file)
    {
        SimulatedFile opened = Of(file);
        using Turn turn = Begin(operation, opened.Path, disk: opened.Place.Disk);
        if (opened.Place.Inode is not FileInode inode)
        {
            return turn.End(Errno.None);
        }

        switch (turn.Fault)
        {
            case CallFails fail:
                Disk.ForgetPending(inode);
                opened.ErrorsSeen = inode.WriteErrors;
                return turn.End(fail.Errno);
            case SyncLosesData lost:
                Disk.ForgetPending(inode);
                if (lost.Afterwards == LostSync.ReportsLater)
                {
                    return turn.End(Errno.None);
                }

                opened.ErrorsSeen = inode.WriteErrors;
                if (lost.Afterwards == LostSync.RevertsCache)
                {
                    inode.DropLost();
                }

                return turn.End(lost.Errno);
            default:
                break;
        }

        if (opened.ErrorsSeen < inode.WriteErrors)
        {
            opened.ErrorsSeen = inode.WriteErrors;
            return turn.End(Errno.InputOutput);
        }

        opened.Place.Disk.SyncFile(inode);
        return turn.End(Errno.None);
    }

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
        if (disk.Find(from, source) is not { } moved)
        {
            return Errno.NotFound;
        }

        Inode? replaced = disk.Find(to, target);
        if (replaced is not null && !replaces)
        {
            return Errno.Exists;
        }

        errno = CheckRename(disk, from, moved, to, replaced);
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

        if (to.Links == 0)
        {
            return Errno.NotFound;
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

        if (directory.Disk.Find(inode, first) is not { } one || directory.Disk.Find(inode, second) is not { } other)
        {
            return Errno.NotFound;
        }

        if (one != other)
        {
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

        inode = directory.Disk.Find((DirectoryInode)directory.Inode, name);
        return inode is null ? Errno.NotFound : directory.Disk.IsReadOnly ? Errno.ReadOnly : Errno.None;
    }

    private void Touch(Place directory) => directory.Inode.Written = _machine.Timers.Now;

    private IEnumerable<SimulatedFile> Opened(Place place) =>
        _machine.Processes.SelectMany(static process => process.Handles).OfType<SimulatedFile>().Where(file => file.Place == place);
}
