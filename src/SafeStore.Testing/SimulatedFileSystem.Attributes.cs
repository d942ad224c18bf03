using System;
using System.Collections.Immutable;
using System.Linq;
using System.Text;
using SafeStore.FileSystem;
using SafeStore.Testing.Disks;

namespace SafeStore.Testing;

/// <summary>Extended attributes of files and directories: those of users, and labels as opaque bytes.</summary>
public sealed partial class SimulatedFileSystem
{
    private const int AttributeBytesMax = 64 * 1024;
    private const int AttributeNameBytesMax = 255;
    private const string UserSpace = "user.";
    private const string Label = "security.selinux";

    /// <inheritdoc/>
    public Errno GetAttribute(Handle handle, string name, out byte[] value)
    {
        ArgumentNullException.ThrowIfNull(name);
        ISimulatedHandle opened = Of(handle);
        value = [];
        using Turn turn = Begin(Operation.GetAttribute, opened.Path, name, opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = CheckAttribute(name, 0);
        ImmutableArray<byte> bytes = [];
        if (errno == Errno.None && !opened.Place.Inode.Metadata.Attributes.TryGetValue(name, out bytes))
        {
            errno = Errno.NoData;
        }

        errno = turn.End(errno);
        value = errno == Errno.None ? [.. bytes] : [];
        return errno;
    }

    /// <inheritdoc/>
    public Errno SetAttribute(Handle handle, string name, ReadOnlySpan<byte> value)
    {
        ArgumentNullException.ThrowIfNull(name);
        ISimulatedHandle opened = Of(handle);
        using Turn turn = Begin(Operation.SetAttribute, opened.Path, name, opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = CheckAttribute(name, value.Length);
        if (errno == Errno.None && opened.Place.Disk.IsReadOnly)
        {
            errno = Errno.ReadOnly;
        }

        if (errno != Errno.None)
        {
            return turn.End(errno);
        }

        Metadata metadata = opened.Place.Inode.Metadata;
        ImmutableSortedDictionary<string, ImmutableArray<byte>> attributes = metadata.Attributes.SetItem(name, [.. value]);
        opened.Place.Disk.SetMetadata(opened.Place.Inode, metadata with { Attributes = attributes });
        return turn.End(Errno.None);
    }

    /// <inheritdoc/>
    public Errno CopyAttributes(DirectoryHandle from, string name, DirectoryHandle directory, string target)
    {
        SimulatedDirectory start = Of(from);
        SimulatedDirectory end = Of(directory);
        using Turn turn = Begin(Operation.CopyAttributes, Join(start, name), "to " + Join(end, target), end.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        Place place = default;
        Place copy = default;
        errno = MountTable.CheckName(name);
        errno = errno == Errno.None ? _machine.Mounts.Find(start.Place, name, out place) : errno;
        errno = errno == Errno.None ? MountTable.CheckName(target) : errno;
        errno = errno == Errno.None ? _machine.Mounts.Find(end.Place, target, out copy) : errno;
        errno = errno == Errno.None && copy.Inode is LinkInode && !place.Inode.Metadata.Attributes.IsEmpty ? Errno.SymbolicLink : errno;
        if (errno != Errno.None)
        {
            return turn.End(errno);
        }

        Metadata metadata = copy.Inode.Metadata;
        ImmutableSortedDictionary<string, ImmutableArray<byte>> kept = metadata.Attributes.SetItems(
            place.Inode.Metadata.Attributes.Where(
            static attribute => attribute.Key.StartsWith(UserSpace, StringComparison.Ordinal) || attribute.Key == Label));
        if (kept != metadata.Attributes)
        {
            if (copy.Disk.IsReadOnly)
            {
                return turn.End(Errno.ReadOnly);
            }

            copy.Disk.SetMetadata(copy.Inode, metadata with { Attributes = kept });
        }

        return turn.End(Errno.None);
    }

    /// <summary>Whether an extended attribute may have this name.</summary>
    private static Errno CheckAttribute(string name, int length)
    {
        Errno errno = name.Length == 0 ? Errno.OutOfRange : MountTable.CheckPath(name);
        if (errno != Errno.None)
        {
            return errno;
        }

        return Encoding.UTF8.GetByteCount(name) > AttributeNameBytesMax ? Errno.OutOfRange
            : length > AttributeBytesMax ? Errno.ArgumentTooLong
            : name == Label ? Errno.None
            : !name.StartsWith(UserSpace, StringComparison.Ordinal) ? Errno.NotSupported
            : name.Length == UserSpace.Length ? Errno.Invalid : Errno.None;
    }
}
