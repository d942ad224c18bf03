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

        errno = CheckLength(name, 0);
        errno = errno == Errno.None ? CheckKind(opened.Place.Disk, name) : errno;
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
    public Errno SetAttribute(DirectoryHandle directory, string name, string attribute, ReadOnlySpan<byte> value)
    {
        ArgumentNullException.ThrowIfNull(attribute);
        SimulatedDirectory start = Of(directory);
        using Turn turn = Begin(Operation.SetAttribute, name is "." ? start.Path : Join(start, name), attribute, start.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        Place place = start.Place;
        errno = attribute.Length == 0 ? Errno.None : MountTable.CheckPath(attribute);
        errno = errno == Errno.None && name is not "." ? MountTable.CheckName(name) : errno;
        errno = errno == Errno.None ? CheckLength(attribute, value.Length) : errno;
        errno = errno == Errno.None && name is not "." ? _machine.Mounts.Find(start.Place, name, out place) : errno;
        errno = errno == Errno.None && place.Inode is LinkInode && attribute.StartsWith(UserSpace, StringComparison.Ordinal)
            ? Errno.SymbolicLink : errno;
        errno = errno == Errno.None ? CheckKind(place.Disk, attribute) : errno;
        errno = errno == Errno.None && place.Disk.IsReadOnly ? Errno.ReadOnly : errno;
        if (errno != Errno.None)
        {
            return turn.End(errno);
        }

        Metadata metadata = place.Inode.Metadata;
        ImmutableSortedDictionary<string, ImmutableArray<byte>> attributes = metadata.Attributes.SetItem(attribute, [.. value]);
        place.Disk.SetMetadata(place.Inode, metadata with { Attributes = attributes });
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
            attribute => (attribute.Key.StartsWith(UserSpace, StringComparison.Ordinal) && copy.Disk.Profile.HasUserAttributes
                && attribute.Key != StampAttribute.Name) || attribute.Key == Label));
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

    /// <summary>Whether the name and the value of an attribute may be so long: asked before the file is looked for.</summary>
    private static Errno CheckLength(string name, int length)
    {
        Errno errno = name.Length == 0 ? Errno.OutOfRange : MountTable.CheckPath(name);
        if (errno != Errno.None)
        {
            return errno;
        }

        return Encoding.UTF8.GetByteCount(name) > AttributeNameBytesMax ? Errno.OutOfRange
            : length > AttributeBytesMax ? Errno.ArgumentTooLong : Errno.None;
    }

    /// <summary>Whether the filesystem has such attributes.</summary>
    private static Errno CheckKind(Disk disk, string name) =>
        name == Label ? Errno.None
        : !name.StartsWith(UserSpace, StringComparison.Ordinal) || !disk.Profile.HasUserAttributes ? Errno.NotSupported
        : name.Length == UserSpace.Length ? Errno.Invalid : Errno.None;
}
