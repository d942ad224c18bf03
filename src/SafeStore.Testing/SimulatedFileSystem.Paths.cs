using System;
using System.Collections.Generic;
using System.IO;
using SafeStore.FileSystem;
using SafeStore.Testing.Disks;
using SafeStore.Testing.Files;

namespace SafeStore.Testing;

/// <summary>The calls of ordinary programs, on absolute paths.</summary>
public sealed partial class SimulatedFileSystem : IPathCalls
{
    DateTimeOffset IPathCalls.Now => _machine.Timers.Now;

    IDurableFileSystem IPathCalls.Handles => this;

    Errno IPathCalls.Open(string path, OpenFlags flags, UnixFileMode mode, out FileHandle? file)
    {
        file = null;
        using Turn turn = Begin(flags.HasFlag(OpenFlags.Create) ? Operation.CreateFile : Operation.OpenFile, path);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        if (flags.HasFlag(OpenFlags.Create) && path.EndsWith('/'))
        {
            errno = _machine.Mounts.WalkToParent(path, out _, out _);
            return turn.End(errno == Errno.None ? Errno.IsDirectory : errno);
        }

        Place place = default;
        errno = MountTable.CheckPath(path);
        errno = errno == Errno.None ? CheckHandles() : errno;
        errno = errno == Errno.None ? _machine.Mounts.Walk(path, follow: !flags.HasFlag(OpenFlags.Exclusive), out place) : errno;
        if (errno == Errno.None && flags.HasFlag(OpenFlags.Create) && flags.HasFlag(OpenFlags.Exclusive))
        {
            errno = Errno.Exists;
        }
        else if (errno == Errno.NotFound && flags.HasFlag(OpenFlags.Create))
        {
            errno = Target(path, out Place parent, out string name);
            errno = errno == Errno.None ? CheckNew(parent, name) : errno;
            place = errno == Errno.None ? Create(parent, name, mode) : default;
        }

        if (errno == Errno.None)
        {
            errno = Open(place, path, flags.HasFlag(OpenFlags.Write), out file);
        }

        if (errno == Errno.None && flags.HasFlag(OpenFlags.Truncate) && place.Inode is FileInode { Content.Size: > 0 } inode)
        {
            place.Disk.Resize(inode, 0);
        }

        return turn.End(errno, ref file);
    }

    Errno IPathCalls.Truncate(FileHandle file, long size)
    {
        SimulatedFile opened = Of(file);
        using Turn turn = Begin(Operation.Truncate, opened.Path, $"{size}", opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        if (!opened.CanWrite || size < 0 || opened.Place.Inode is not FileInode inode)
        {
            return turn.End(Errno.Invalid);
        }

        if (size > Disk.FileBytesMax || opened.Place.Disk.IsReadOnly)
        {
            return turn.End(opened.Place.Disk.IsReadOnly ? Errno.ReadOnly : Errno.FileTooLarge);
        }

        if (size != inode.Content.Size)
        {
            opened.Place.Disk.Resize(inode, size);
            inode.Written = _machine.Timers.Now;
        }

        return turn.End(Errno.None);
    }

    Errno IPathCalls.Stat(string path, bool follow, out NodeStatus status)
    {
        status = default;
        using Turn turn = Begin(Operation.Stat, path);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = _machine.Mounts.Walk(path, follow, out Place place);
        status = errno == Errno.None ? NodeStatusOf(place) : default;
        return turn.End(errno);
    }

    Errno IPathCalls.Stat(FileHandle file, out NodeStatus status)
    {
        SimulatedFile opened = Of(file);
        status = default;
        using Turn turn = Begin(Operation.Stat, opened.Path, disk: opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        status = NodeStatusOf(opened.Place);
        return turn.End(Errno.None);
    }

    Errno IPathCalls.MakeDirectory(string path, UnixFileMode mode) =>
        At(Operation.MakeDirectory, path, (parent, name) => MakeDirectory(parent, name, mode, out _), Errno.Exists);

    Errno IPathCalls.RemoveDirectory(string path) => At(Operation.RemoveDirectory, path, RemoveDirectory, Errno.Busy);

    Errno IPathCalls.Unlink(string path) => At(
        Operation.Unlink,
        path,
        (parent, name) => path.EndsWith('/') ? NoFile(parent, name) : Unlink(parent, name),
        Errno.IsDirectory);

    Errno IPathCalls.Rename(string source, string target) => Rename(Operation.Rename, source, target);

    Errno IPathCalls.RenameNoReplace(string source, string target) => Rename(Operation.RenameNoReplace, source, target);

    Errno IPathCalls.Link(string existing, string created)
    {
        using Turn turn = Begin(Operation.Link, existing, "as " + created);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = _machine.Mounts.Walk(existing, follow: false, out Place place);
        if (errno == Errno.None)
        {
            errno = _machine.Mounts.WalkToParent(created, out Place parent, out string name);
            errno = errno == Errno.None ? CheckFree(parent, name) : errno;
            errno = errno == Errno.None && created.EndsWith('/') ? Errno.NotFound : errno;
            if (errno == Errno.None)
            {
                errno = place.Mount != parent.Mount ? Errno.CrossDevice
                    : place.Inode is DirectoryInode ? Errno.NotPermitted
                    : place.Inode.Links >= ushort.MaxValue ? Errno.TooManyLinks : Errno.None;
            }

            if (errno == Errno.None)
            {
                parent.Disk.Add((DirectoryInode)parent.Inode, name, place.Inode);
                Touch(parent);
            }
        }

        return turn.End(errno);
    }

    Errno IPathCalls.SymbolicLink(string target, string created) => At(
        Operation.SymbolicLink,
        created,
        (parent, name) =>
        {
            Errno errno = target.Length == 0 ? Errno.NotFound : CheckNewFile(created, parent, name);
            if (errno == Errno.None)
            {
                parent.Disk.Add((DirectoryInode)parent.Inode, name, parent.Disk.NewLink(target, _machine.Timers.Now));
                Touch(parent);
            }

            return errno;
        },
        Errno.Exists);

    Errno IPathCalls.ReadLink(string path, out string target)
    {
        target = "";
        using Turn turn = Begin(Operation.ReadLink, path);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = _machine.Mounts.Walk(path, follow: false, out Place place);
        if (errno == Errno.None && place.Inode is not LinkInode)
        {
            errno = Errno.Invalid;
        }

        target = errno == Errno.None ? ((LinkInode)place.Inode).Target : "";
        return turn.End(errno);
    }

    Errno IPathCalls.SetMode(string path, UnixFileMode mode) =>
        Describe(Operation.SetMode, path, metadata => metadata with { Mode = mode & (UnixFileMode)0xFFF });

    Errno IPathCalls.SetOwner(string path, FileOwner owner) =>
        Describe(Operation.SetOwner, path, metadata => metadata with { Owner = owner });

    Errno IPathCalls.CopyAttributes(string source, string target)
    {
        Errno errno = _machine.Mounts.Walk(source, follow: true, out Place from);
        return errno != Errno.None
            ? errno
            : Describe(Operation.CopyAttributes, target, metadata => metadata with { Attributes = from.Inode.Metadata.Attributes });
    }

    Errno IPathCalls.SetTimes(string path, DateTimeOffset? accessed, DateTimeOffset? written)
    {
        using Turn turn = Begin(Operation.SetTimes, path);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = _machine.Mounts.Walk(path, follow: true, out Place place);
        if (errno == Errno.None)
        {
            place.Inode.Accessed = accessed ?? place.Inode.Accessed;
            place.Inode.Written = written ?? place.Inode.Written;
            place.Inode.Changed = place.Disk.Clock();
        }

        return turn.End(errno);
    }

    Errno IPathCalls.List(string path, ICollection<DirectoryEntry> entries)
    {
        using Turn turn = Begin(Operation.List, path);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = _machine.Mounts.Walk(path, follow: true, out Place place);
        if (errno == Errno.None)
        {
            errno = place.Inode is DirectoryInode ? List(place, entries) : Errno.NotDirectory;
        }

        return turn.End(errno);
    }

    private static NodeStatus NodeStatusOf(Place place) =>
        new(StatusOf(place), place.Inode.Created, place.Inode.Accessed, place.Inode.Written);

    private Errno Rename(Operation operation, string source, string target)
    {
        using Turn turn = Begin(operation, source, "to " + target);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = _machine.Mounts.WalkToParent(source, out Place from, out string name);
        if (errno == Errno.None)
        {
            errno = _machine.Mounts.WalkToParent(target, out Place to, out string newName);
            errno = errno == Errno.None && (source.EndsWith('/') || target.EndsWith('/')) ? CheckIsDirectory(from, name) : errno;
            errno = errno == Errno.None
                ? Rename(from, name, to, newName, operation == Operation.Rename ? RenameKind.Replace : RenameKind.NoReplace) : errno;
        }

        return turn.End(errno);
    }

    /// <summary>A change of what a file or directory says of itself.</summary>
    private Errno Describe(Operation operation, string path, Func<Metadata, Metadata> change)
    {
        using Turn turn = Begin(operation, path);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = _machine.Mounts.Walk(path, follow: true, out Place place);
        if (errno == Errno.None && place.Disk.IsReadOnly)
        {
            errno = Errno.ReadOnly;
        }

        if (errno == Errno.None)
        {
            place.Disk.SetMetadata(place.Inode, change(place.Inode.Metadata));
        }

        return turn.End(errno);
    }

    /// <summary>A call on the last component of a path; the root itself has none.</summary>
    private Errno At(Operation operation, string path, Func<Place, string, Errno> call, Errno ofRoot)
    {
        using Turn turn = Begin(operation, path);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        if (path.AsSpan().Trim('/').IsEmpty && path.Length > 0)
        {
            return turn.End(ofRoot);
        }

        errno = _machine.Mounts.WalkToParent(path, out Place parent, out string name);
        return turn.End(errno == Errno.None ? call(parent, name) : errno);
    }

    /// <summary>A slash at the end of a path promises a directory; what is no directory cannot be made there.</summary>
    private Errno CheckNewFile(string path, Place parent, string name)
    {
        Errno errno = CheckNew(parent, name);
        return errno == Errno.None && path.EndsWith('/') ? Errno.NotFound : errno;
    }

    private Errno CheckIsDirectory(Place parent, string name)
    {
        Errno errno = _machine.Mounts.Find(parent, name, out Place place);
        return errno == Errno.None && place.Inode is not DirectoryInode ? Errno.NotDirectory : errno;
    }

    /// <summary>Why a path with a slash at its end is no file.</summary>
    private Errno NoFile(Place parent, string name)
    {
        Errno errno = CheckIsDirectory(parent, name);
        return errno == Errno.None ? Errno.IsDirectory : errno;
    }

    /// <summary>Where a missing file is to be created: at the end of the links that lead there.</summary>
    private Errno Target(string path, out Place parent, out string name)
    {
        Errno errno = _machine.Mounts.WalkToParent(path, out parent, out name);
        if (errno == Errno.None && _machine.Mounts.Find(parent, name, out Place place) == Errno.None && place.Inode is LinkInode link)
        {
            string target = LinuxPath.Combine(LinuxPath.GetDirectoryName(path) ?? "/", link.Target);
            return Target(target, out parent, out name);
        }

        return path.EndsWith('/') ? Errno.IsDirectory : errno;
    }
}
