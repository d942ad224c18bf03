using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Disks;

/// <summary>The filesystems of a machine, and the way of a path through them.</summary>
internal sealed partial class MountTable
{
    private const int NameBytesMax = 255;
    private const int PathBytesMax = 4095;
    private const int LinksMax = 40;
    private const ulong FirstDevice = 0x801;

    private readonly List<Disk> _disks;
    private readonly Dictionary<ulong, Mount> _mounts = [];
    private readonly Dictionary<(ulong Parent, long Directory, string Name), Mount> _at = [];
    private ulong _lastId;

    private MountTable(IEnumerable<Disk> disks)
    {
        _disks = [.. disks];
        Register(new Mount(++_lastId, _disks[0].Device, Disk.RootNumber, 0, 0, ""));
    }

    /// <summary>The disks, the root filesystem's first; those that are not mounted included.</summary>
    public IReadOnlyList<Disk> Disks => _disks;

    /// <summary>What is mounted beside the root filesystem, the first one first.</summary>
    public ImmutableArray<Mount> Mounts => [.. _mounts.Values.Where(static mount => mount.Parent != 0).OrderBy(static mount => mount.Id)];

    private Place Root => new(_disks[0], _disks[0].Root, _mounts[1]);

    /// <summary>New disks, mounted as the options say.</summary>
    public static MountTable Create(SimulatedMachineOptions options, DateTimeOffset now)
    {
        var disks = new List<Disk> { new(
            FirstDevice, options.Profile, now) { BytesMax = options.BytesMax, InodesMax = options.InodesMax } };
        foreach (SimulatedMount mount in options.Mounts)
        {
            disks.Add(NewDisk(disks.Count, mount, now));
        }

        return new MountTable(disks).Mount(options, now);
    }

    /// <summary>Disks that are mounted as they were; what is no longer on its disk is not mounted any more.</summary>
    public static MountTable Of(IReadOnlyList<Disk> disks, IReadOnlyList<Mount> mounts)
    {
        var table = new MountTable(disks);
        foreach (Mount mount in mounts)
        {
            Disk disk = table.DiskOf(mount);
            if (disk.Has(mount.Root) && table._mounts.ContainsKey(mount.Parent))
            {
                disk[mount.Root].Handles++;
                table.Register(mount);
                table._lastId = Math.Max(table._lastId, mount.Id);
            }
        }

        return table;
    }

    /// <summary>Disks after a start of the machine: mounted as the options say, and not otherwise.</summary>
    public static MountTable Of(SimulatedMachineOptions options, IReadOnlyList<Disk> disks) =>
        new MountTable(disks).Mount(options, default);

    /// <summary>Whether a text can be a single component; how long it may be, the filesystem says.</summary>
    public static Errno CheckName(string name) =>
        name is "" or "." or ".." || name.AsSpan().ContainsAny('/', '\0') ? Errno.Invalid : NameText.CheckLength(name, PathBytesMax);

    /// <summary>What a name in a directory leads to; across a mount point, its root.</summary>
    public Errno Find(Place directory, string name, out Place found)
    {
        found = default;
        if (directory.Inode is not DirectoryInode parent)
        {
            return Errno.NotDirectory;
        }

        Errno errno = Find(directory.Disk, parent, name, out Inode? inode);
        if (inode is not null)
        {
            found = _at.TryGetValue((directory.Mount.Id, parent.Number, NameText.Canonical(name)), out Mount? mount)
                ? Top(mount)
                : new Place(directory.Disk, inode, directory.Mount);
        }

        return errno;
    }

    /// <summary>What a name in a directory leads to on the same disk.</summary>
    public static Errno Find(Disk disk, DirectoryInode directory, string name, out Inode? found)
    {
        found = null;
        Errno errno = directory.Links == 0 ? Errno.NotFound : NameText.CheckLength(name, NameBytesMax);
        if (errno == Errno.None)
        {
            found = disk.Find(directory, name);
            errno = found is null ? Errno.NotFound : Errno.None;
        }

        return errno;
    }

    /// <summary>The filesystem that a path leads to as far as it exists.</summary>
    public Disk DiskOf(string path)
    {
        Place current = Root;
        foreach (string component in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Find(current, component, out Place next) != Errno.None)
            {
                break;
            }

            current = next;
        }

        return current.Disk;
    }

    /// <summary>
    /// Walks below a directory: no link is followed, and the way does not lead out of it (openat2(2), RESOLVE_BENEATH and
    /// RESOLVE_NO_SYMLINKS).
    /// </summary>
    public Errno WalkBelow(Place start, string path, out Place found)
    {
        found = default;
        Errno errno = CheckPath(path);
        if (errno != Errno.None)
        {
            return errno;
        }

        if (path[0] == '/')
        {
            return Errno.CrossDevice;
        }

        var way = new Stack<Place>([start]);
        string[] components = path.Split('/');
        for (int i = 0; i < components.Length; i++)
        {
            string component = components[i];
            if (way.Peek().Inode is not DirectoryInode)
            {
                return Errno.NotDirectory;
            }

            if (component is "" or ".")
            {
                continue;
            }

            if (component == "..")
            {
                _ = way.Pop();
                if (way.Count == 0)
                {
                    return Errno.CrossDevice;
                }

                continue;
            }

            errno = Find(way.Peek(), component, out found);
            if (errno != Errno.None)
            {
                return errno;
            }

            if (found.Inode is LinkInode)
            {
                return Errno.SymbolicLink;
            }

            way.Push(found);
        }

        found = way.Peek();
        return Errno.None;
    }

    /// <summary>Walks an absolute path; links are followed, in the last component if so asked.</summary>
    public Errno Walk(string path, bool follow, out Place found)
    {
        found = default;
        int links = 0;
        return path.Length > 0 && path[0] != '/' ? Errno.Invalid : Walk(Root, path, follow, ref links, out found);
    }

    /// <summary>Walks from a directory as stat(2) does: over its own parents and over links, but for one in the last component.</summary>
    public Errno WalkFrom(Place start, string path, out Place found)
    {
        int links = 0;
        return Walk(start, path, follow: false, ref links, out found);
    }

    /// <summary>Walks to the directory of an absolute path's last component.</summary>
    public Errno WalkToParent(string path, out Place parent, out string name)
    {
        string trimmed = path.Length > 1 ? path.TrimEnd('/') : path;
        int slash = trimmed.LastIndexOf('/');
        name = trimmed[(slash + 1)..];
        parent = default;
        Errno errno = slash < 0 ? Errno.Invalid : CheckName(name);
        if (errno == Errno.None)
        {
            errno = Walk(trimmed[..Math.Max(slash, 1)], follow: true, out parent);
        }

        return errno != Errno.None || parent.Inode is DirectoryInode ? errno : Errno.NotDirectory;
    }

    public static Errno CheckPath(string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            return Errno.Invalid;
        }

        return path.Length == 0 ? Errno.NotFound : NameText.CheckLength(path, PathBytesMax);
    }

    private Errno Walk(Place start, string path, bool follow, ref int links, out Place found)
    {
        found = default;
        Errno errno = CheckPath(path);
        if (errno != Errno.None)
        {
            return errno;
        }

        Place current = path[0] == '/' ? Top(_mounts[1]) : start;
        string[] components = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < components.Length; i++)
        {
            if (current.Inode is not DirectoryInode)
            {
                return Errno.NotDirectory;
            }

            if (components[i] is "." or "..")
            {
                current = components[i] == "." ? current : Above(current);
                continue;
            }

            errno = Find(current, components[i], out Place next);
            if (errno == Errno.None && next.Inode is LinkInode link && (follow || i < components.Length - 1 || path.EndsWith('/')))
            {
                errno = ++links > LinksMax ? Errno.SymbolicLink : Walk(current, link.Target, follow: true, ref links, out next);
            }

            if (errno != Errno.None)
            {
                return errno;
            }

            current = next;
        }

        found = current;
        return path.EndsWith('/') && current.Inode is not DirectoryInode ? Errno.NotDirectory : Errno.None;
    }

    private Place Above(Place place)
    {
        while (place.Inode.Number == place.Mount.Root)
        {
            if (place.Mount.Parent == 0)
            {
                return place;
            }

            Mount parent = _mounts[place.Mount.Parent];
            Disk disk = DiskOf(parent);
            Place below = new(disk, disk[place.Mount.Directory], parent);
            if (place.Mount.Name.Length > 0)
            {
                return below;
            }

            place = below; // it covers the root of its parent
        }

        return place with { Inode = place.Disk[((DirectoryInode)place.Inode).Parent] };
    }

    /// <summary>The root of a mount, or of what covers it.</summary>
    private Place Top(Mount mount)
    {
        while (_at.TryGetValue((mount.Id, mount.Root, ""), out Mount? cover))
        {
            mount = cover;
        }

        Disk disk = DiskOf(mount);
        return new Place(disk, disk[mount.Root], mount);
    }

    private Disk DiskOf(Mount mount) => _disks.Find(disk => disk.Device == mount.Device)!;
}
