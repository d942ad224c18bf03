using System;
using System.Collections.Generic;
using System.IO;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Disks;

/// <summary>An inode on its disk.</summary>
internal readonly record struct Place(Disk Disk, Inode Inode);

/// <summary>The filesystems of a machine, and the way of a path through them.</summary>
internal sealed class MountTable
{
    private const int NameBytesMax = 255;
    private const int PathBytesMax = 4095;
    private const int LinksMax = 40;
    private const Errno Busy = (Errno)16;
    private const UnixFileMode DirectoryMode = (UnixFileMode)0x1ED;

    private readonly Dictionary<(ulong Device, long Inode), Disk> _mounted = [];
    private readonly Dictionary<ulong, (Disk Disk, DirectoryInode Directory)> _above = [];

    private MountTable(IReadOnlyList<Disk> disks) => Disks = disks;

    public IReadOnlyList<Disk> Disks { get; }

    private Place Root => new(Disks[0], Disks[0].Root);

    public static MountTable Create(SimulatedMachineOptions options, DateTimeOffset now)
    {
        var disks = new List<Disk> { new(FirstDevice, options.Profile, now) { BytesMax = options.BytesMax, InodesMax = options.InodesMax } };
        foreach (SimulatedMount mount in options.Mounts)
        {
            disks.Add(new Disk(FirstDevice + (ulong)disks.Count, mount.Profile, now) { BytesMax = mount.BytesMax, InodesMax = mount.InodesMax });
        }

        return new MountTable(disks).Mount(options, now);
    }

    public static MountTable Of(SimulatedMachineOptions options, IReadOnlyList<Disk> disks) => new MountTable(disks).Mount(options, default);

    private const ulong FirstDevice = 0x801;

    /// <summary>Whether a text can be a single component; how long it may be, the filesystem says.</summary>
    public static Errno CheckName(string name) =>
        name is "" or "." or ".." || name.AsSpan().ContainsAny('/', '\0') ? Errno.Invalid : CheckLength(name, PathBytesMax);

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
            found = _mounted.TryGetValue((directory.Disk.Device, inode.Number), out Disk? mounted) ? new Place(mounted, mounted.Root) : new Place(directory.Disk, inode);
        }

        return errno;
    }

    /// <summary>What a name in a directory leads to on the same disk.</summary>
    public static Errno Find(Disk disk, DirectoryInode directory, string name, out Inode? found)
    {
        found = null;
        Errno errno = directory.Links == 0 ? Errno.NotFound : CheckLength(name, NameBytesMax);
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

    public Errno CheckNotMounted(Disk disk, Inode inode) => _mounted.ContainsKey((disk.Device, inode.Number)) ? Busy : Errno.None;

    /// <summary>Walks below a directory: no link is followed, and the way does not lead out of it (openat2(2), RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS).</summary>
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

        return path.Length == 0 ? Errno.NotFound : CheckLength(path, PathBytesMax);
    }

    private Errno Walk(Place start, string path, bool follow, ref int links, out Place found)
    {
        found = default;
        Errno errno = CheckPath(path);
        if (errno != Errno.None)
        {
            return errno;
        }

        Place current = path[0] == '/' ? Root : start;
        string[] components = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < components.Length; i++)
        {
            if (current.Inode is not DirectoryInode directory)
            {
                return Errno.NotDirectory;
            }

            if (components[i] is "." or "..")
            {
                current = components[i] == "." ? current : Above(current.Disk, directory);
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

    private Place Above(Disk disk, DirectoryInode directory)
    {
        if (directory.Number != Disk.RootNumber)
        {
            return new Place(disk, disk[directory.Parent]);
        }

        return _above.TryGetValue(disk.Device, out (Disk Disk, DirectoryInode Directory) above) ? new Place(above.Disk, above.Directory) : Root;
    }

    /// <summary>UTF-8 that is too long, or none at all: a lone surrogate has no encoding. Whichever comes first.</summary>
    private static Errno CheckLength(string text, int max)
    {
        int bytes = 0;
        for (int i = 0; i < text.Length && bytes <= max; i++)
        {
            if (char.IsSurrogate(text[i]))
            {
                if (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                {
                    return Errno.Invalid;
                }

                i++;
                bytes += 4;
            }
            else
            {
                bytes += text[i] < 0x80 ? 1 : text[i] < 0x800 ? 2 : 3;
            }
        }

        return bytes > max ? Errno.NameTooLong : Errno.None;
    }

    private MountTable Mount(SimulatedMachineOptions options, DateTimeOffset now)
    {
        for (int i = 0; i < options.Mounts.Count; i++)
        {
            string path = options.Mounts[i].Path;
            if (!path.StartsWith('/'))
            {
                throw new ArgumentException($"The mount '{path}' has no absolute path.", nameof(options));
            }

            (Disk disk, DirectoryInode directory) = MakeDirectory(path, now);
            _mounted.Add((disk.Device, directory.Number), Disks[i + 1]);
            _above.Add(Disks[i + 1].Device, (disk, (DirectoryInode)disk[directory.Parent]));
        }

        return this;
    }

    private (Disk Disk, DirectoryInode Directory) MakeDirectory(string path, DateTimeOffset now)
    {
        Place current = Root;
        foreach (string component in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Find(current, component, out Place next) != Errno.None)
            {
                var parent = (DirectoryInode)current.Inode;
                DirectoryInode made = current.Disk.NewDirectory(DirectoryMode, now);
                current.Disk.Add(parent, component, made);
                current.Disk.SyncDirectory(parent);
                next = new Place(current.Disk, made);
            }

            current = next;
        }

        return current.Inode is DirectoryInode directory
            ? (current.Disk, directory)
            : throw new ArgumentException($"The mount '{path}' is not a directory.", nameof(path));
    }
}
