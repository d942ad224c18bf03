using System;
using System.IO;
using System.Linq;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Disks;

/// <summary>How filesystems come to their places, and leave them.</summary>
internal sealed partial class MountTable
{
    private const UnixFileMode DirectoryMode = (UnixFileMode)0x1ED;

    /// <summary>Whether nothing is mounted on a name, through whatever mount its directory is reached.</summary>
    public Errno CheckNotMounted(Place directory, string name)
    {
        string canonical = NameText.Canonical(name);
        foreach (Mount mount in _mounts.Values)
        {
            if (mount.Parent != 0 && mount.Directory == directory.Inode.Number && mount.Name == canonical
                && _mounts[mount.Parent].Device == directory.Disk.Device)
            {
                return Errno.Busy;
            }
        }

        return Errno.None;
    }

    /// <summary>Shows a file or directory at another path too (mount(2), MS_BIND); what is mounted below it is not shown.</summary>
    public Errno Bind(string source, string target)
    {
        Errno errno = Walk(source, follow: true, out Place shown);
        return errno == Errno.None ? MountAt(target, shown.Disk, shown.Inode) : errno;
    }

    /// <summary>Mounts the disk of a number; a new one if there is none.</summary>
    public Errno Mount(SimulatedMount mount, DateTimeOffset now, out Disk disk)
    {
        disk = NewDisk(_disks.Count, mount, now);
        Errno errno = MountAt(mount.Path, disk, disk.Root);
        if (errno == Errno.None)
        {
            _disks.Add(disk);
        }

        return errno;
    }

    /// <summary>Ends the mount at a path, with all that is mounted in it (umount2(2), MNT_DETACH): what is open stays open.</summary>
    public Errno Unmount(string path)
    {
        Errno errno = Walk(path, follow: true, out Place place);
        if (errno != Errno.None || place.Mount.Root != place.Inode.Number || place.Mount.Parent == 0)
        {
            return errno == Errno.None ? Errno.Invalid : errno;
        }

        Detach(place.Mount);
        return Errno.None;
    }

    private Errno MountAt(string target, Disk disk, Inode root)
    {
        Errno errno = Walk(target, follow: true, out Place covered);
        if (errno != Errno.None)
        {
            return errno;
        }

        if (root is DirectoryInode != covered.Inode is DirectoryInode)
        {
            return Errno.NotDirectory;
        }

        if (covered.Inode.Number == covered.Mount.Root)
        {
            return covered.Mount.Parent == 0 ? Errno.Busy : Register(covered.Mount.Id, covered.Inode.Number, "", disk, root);
        }

        errno = WalkToParent(target, out Place parent, out string name);
        return errno == Errno.None ? Register(parent.Mount.Id, parent.Inode.Number, NameText.Canonical(name), disk, root) : errno;
    }

    private Errno Register(ulong parent, long directory, string name, Disk disk, Inode root)
    {
        Register(new Mount(++_lastId, disk.Device, root.Number, parent, directory, name));
        root.Handles++; // as long as it is mounted, it does not go away
        return Errno.None;
    }

    private void Register(Mount mount)
    {
        _mounts.Add(mount.Id, mount);
        _at.Add((mount.Parent, mount.Directory, mount.Name), mount);
    }

    private void Detach(Mount mount)
    {
        foreach (Mount inner in _mounts.Values.Where(inner => inner.Parent == mount.Id).ToList())
        {
            Detach(inner);
        }

        _ = _mounts.Remove(mount.Id);
        _ = _at.Remove((mount.Parent, mount.Directory, mount.Name));
        DiskOf(mount)[mount.Root].Handles--;
    }

    private static Disk NewDisk(int number, SimulatedMount mount, DateTimeOffset now) =>
        new(FirstDevice + (ulong)number, mount.Profile, now) { BytesMax = mount.BytesMax, InodesMax = mount.InodesMax };

    private MountTable Mount(SimulatedMachineOptions options, DateTimeOffset now)
    {
        for (int i = 0; i < options.Mounts.Count; i++)
        {
            string path = options.Mounts[i].Path;
            if (!path.StartsWith('/'))
            {
                throw new ArgumentException($"The mount '{path}' has no absolute path.", nameof(options));
            }

            MakeDirectory(path, now);
            if (MountAt(path, _disks[i + 1], _disks[i + 1].Root) != Errno.None)
            {
                throw new ArgumentException($"The mount '{path}' is not a directory.", nameof(options));
            }
        }

        return this;
    }

    private void MakeDirectory(string path, DateTimeOffset now)
    {
        Place current = Root;
        foreach (string component in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Find(current, component, out Place next) != Errno.None)
            {
                if (current.Inode is not DirectoryInode parent)
                {
                    return;
                }

                DirectoryInode made = current.Disk.NewDirectory(DirectoryMode, now);
                current.Disk.Add(parent, component, made);
                current.Disk.SyncDirectory(parent);
                next = current with { Inode = made };
            }

            current = next;
        }
    }
}
