using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using SafeStore.FileSystem;
using SafeStore.Testing.Disks;

namespace SafeStore.Testing;

/// <summary>What the calls do, once a fault has not befallen them; the machine's gate is held.</summary>
public sealed partial class SimulatedFileSystem
{
    /// <summary>A descriptor is taken before the path is looked at.</summary>
    private Errno CheckHandles() => _process.Handles.Count >= _machine.HandlesMax ? Errno.ProcessFileLimit : Errno.None;

    private Errno OpenBelow(SimulatedDirectory start, string path, out Place place)
    {
        place = default;
        Errno errno = MountTable.CheckPath(path);
        errno = errno == Errno.None ? CheckHandles() : errno;
        return errno == Errno.None ? _machine.Mounts.WalkBelow(start.Place, path, out place) : errno;
    }

    private Errno Open(Place place, string path, out DirectoryHandle? directory)
    {
        directory = null;
        if (place.Inode is not DirectoryInode)
        {
            return Errno.NotDirectory;
        }

        var opened = new SimulatedDirectory(_process, place, path);
        _process.Add(opened);
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

        var opened = new SimulatedFile(_process, place, path, canWrite);
        _process.Add(opened);
        file = opened;
        return Errno.None;
    }

    private Place Create(Place directory, string name, in FilePermissions permissions)
    {
        FileInode file = directory.Disk.NewFile(permissions, _machine.Timers.Now);
        directory.Disk.Add((DirectoryInode)directory.Inode, name, file);
        Touch(directory);
        return directory with { Inode = file };
    }

    private Errno MakeDirectory(Place parent, string name, in FilePermissions permissions, out Place made)
    {
        made = default;
        Errno errno = CheckNew(parent, name);
        errno = errno == Errno.None ? CheckHandles() : errno; // its mode is set through a handle
        if (errno != Errno.None)
        {
            return errno;
        }

        made = parent with { Inode = parent.Disk.NewDirectory(permissions, _machine.Timers.Now) };
        parent.Disk.Add((DirectoryInode)parent.Inode, name, made.Inode);
        Touch(parent);
        return Errno.None;
    }

    /// <summary>Whether a name is free and there is an inode for it.</summary>
    private Errno CheckNew(Place directory, string name)
    {
        Errno errno = CheckFree(directory, name);
        return errno == Errno.None && directory.Disk.InodesMax != long.MaxValue && directory.Disk.InodesUsed() >= directory.Disk.InodesMax
            ? Errno.NoSpace : errno;
    }

    private Errno CheckFree(Place directory, string name)
    {
        Errno errno = MountTable.CheckName(name);
        errno = errno == Errno.None ? _machine.Mounts.Find(directory, name, out _) : errno;
        return errno switch
        {
            Errno.None => Errno.Exists,
            Errno.NotFound when directory.Inode.Links == 0 => Errno.NotFound,
            Errno.NotFound => directory.Disk.IsReadOnly ? Errno.ReadOnly : Errno.None,
            _ => errno,
        };
    }

    private Errno List(Place directory, ICollection<DirectoryEntry> entries)
    {
        Errno errno = CheckHandles();
        if (errno != Errno.None || directory.Inode.Links == 0)
        {
            return errno != Errno.None ? errno : Errno.NotFound;
        }

        foreach ((string name, long number) in ((DirectoryInode)directory.Inode)
            .Names.OrderBy(static entry => entry.Key, StringComparer.Ordinal))
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

        errno = turn.End(Errno.None);
        status = errno == Errno.None ? StatusOf(place) : default;
        return errno;
    }

    private static FileStatus StatusOf(Place place)
    {
        Inode inode = place.Inode;
        long size = inode switch
        {
            FileInode file => file.Content.Size,
            LinkInode link => Encoding.UTF8.GetByteCount(link.Target),
            _ => 4096,
        };
        long links = inode.Links;
        if (inode is DirectoryInode directory && links > 0)
        {
            links = 2 + directory.Names.Values.Count(number => place.Disk[number] is DirectoryInode);
        }

        return new FileStatus(KindOf(inode), place.Disk.Device, (ulong)inode.Number, size, inode.Metadata.Mode, links)
        {
            MountId = place.Mount.Id,
            Owner = inode.Metadata.Owner,
        };
    }

    private static FileKind KindOf(Inode inode) => inode switch
    {
        FileInode => FileKind.Regular,
        DirectoryInode => FileKind.Directory,
        _ => FileKind.SymbolicLink,
    };
}
