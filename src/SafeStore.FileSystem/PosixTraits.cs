using System.Globalization;

namespace SafeStore.FileSystem;

/// <summary>The kinds of filesystem by the magic numbers of statfs(2).</summary>
internal static unsafe class PosixTraits
{
    /// <summary>The name of ext4; ext2 and ext3 have the same magic number.</summary>
    internal const string Ext4 = "ext4";

    private const uint Ext4Magic = 0x0000EF53;
    private const uint BtrfsMagic = 0x9123683E;

    internal static Errno Describe(Descriptor directory, out FileSystemTraits? traits)
    {
        Errno errno = Magic(directory, out uint magic);
        traits = errno == Errno.None ? Of(magic) : null;
        if (magic == Ext4Magic && errno == Errno.None && PosixStatus.OfDescriptor(directory, out FileStatus status) == Errno.None)
        {
            traits = traits! with { IsJournaled = Ext4Report.HasJournal(status.Device) };
        }

        return errno;
    }

    internal static bool IsBtrfs(Descriptor descriptor) => Magic(descriptor, out uint magic) == Errno.None && magic == BtrfsMagic;

    internal static FileSystemTraits Of(uint magic) => magic switch
    {
        Ext4Magic => Local(Ext4),
        0x58465342 => Local("xfs"),
        BtrfsMagic => Local("btrfs") with { CopiesOnWrite = true },
        0x794C7630 => Local("overlayfs"),
        0xF2F52010 => Local("f2fs"),
        0x2FC12FC1 => Local("zfs"),
        0xCA451A4E => Local("bcachefs"),
        0x01021994 => Volatile("tmpfs"),
        0x858458F6 => Volatile("ramfs"),
        0x00006969 => Remote("nfs"),
        0x0000517B or 0xFF534D42 or 0xFE534D42 => Remote("smb"),
        0x01021997 => Remote("9p"),
        0x00C36400 => Remote("ceph"),
        0x65735546 => Remote("fuse"),
        _ => Local("0x" + magic.ToString("x8", CultureInfo.InvariantCulture)),
    };

    /// <summary>What is left on the filesystem of an open directory; null if the kernel does not tell.</summary>
    internal static SpaceLeft? SpaceOf(DirectoryHandle directory) =>
        StatusOf(Descriptor.Of(directory), out LibC.StatFs found) != Errno.None ? null : new SpaceLeft(
            (LibC.geteuid() == 0 ? found.FreeBlocks : found.AvailableBlocks) * found.BlockBytes,
            found.Inodes == 0 ? long.MaxValue : found.FreeInodes);

    private static Errno Magic(Descriptor descriptor, out uint magic)
    {
        Errno errno = StatusOf(descriptor, out LibC.StatFs found);
        magic = errno == Errno.None ? (uint)found.Type : 0;
        return errno;
    }

    private static Errno StatusOf(Descriptor descriptor, out LibC.StatFs status)
    {
        LibC.StatFs found;
        Errno errno;
        while (LibC.MustRepeat(LibC.fstatfs(descriptor, &found), out errno))
        {
        }

        status = errno == Errno.None ? found : default;
        return errno;
    }

    private static FileSystemTraits Local(string name) => new(name, IsVolatile: false, IsLocal: true);

    private static FileSystemTraits Volatile(string name) => new(name, IsVolatile: true, IsLocal: true);

    private static FileSystemTraits Remote(string name) => new(name, IsVolatile: false, IsLocal: false);
}

/// <summary>What a filesystem has left for this process.</summary>
/// <param name="Bytes">Space. A quota may leave less.</param>
/// <param name="Inodes">How many files can be made.</param>
internal sealed record SpaceLeft(long Bytes, long Inodes);
