using System.Globalization;
using System.IO;

namespace SafeStore.FileSystem;

/// <summary>statx(2), whose structure is the same on every architecture.</summary>
internal static unsafe class PosixStatus
{
    private const int KindBits = 0xF000;
    private const int PermissionBits = 0xFFF;

    internal static Errno OfDescriptor(Descriptor descriptor, out FileStatus status)
    {
        byte empty = 0;
        return Of(descriptor, &empty, LibC.AT_EMPTY_PATH, out status);
    }

    /// <summary>A symbolic link in the last component is described itself.</summary>
    internal static Errno OfPath(Descriptor directory, byte* path, out FileStatus status) =>
        Of(directory, path, LibC.AT_SYMLINK_NOFOLLOW | LibC.AT_NO_AUTOMOUNT, out status);

    /// <summary>Gives what has just been made exactly these permission bits, which a umask or a default ACL may have changed; to look first costs a sixth of a change.</summary>
    internal static Errno SetMode(Descriptor descriptor, UnixFileMode mode)
    {
        bool isHeld = false;
        try
        {
            descriptor.DangerousAddRef(ref isHeld);
            return SetMode((int)descriptor.DangerousGetHandle(), mode);
        }
        finally
        {
            if (isHeld)
            {
                descriptor.DangerousRelease();
            }
        }
    }

    /// <inheritdoc cref="SetMode(Descriptor, UnixFileMode)"/>
    internal static Errno SetMode(int descriptor, UnixFileMode mode)
    {
        byte empty = 0;
        LibC.StatX made;
        Errno errno;
        while (LibC.MustRepeat(LibC.statx(descriptor, &empty, LibC.AT_EMPTY_PATH, &made), out errno))
        {
        }

        if (errno == Errno.None && (UnixFileMode)(made.Mode & PermissionBits) == mode)
        {
            return Errno.None;
        }

        while (LibC.MustRepeat(LibC.fchmod(descriptor, (uint)mode), out errno))
        {
        }

        return errno;
    }

    /// <summary>A device's number as stat(2) and stat(1) show it.</summary>
    internal static ulong Device(uint major, uint minor) =>
        ((ulong)(major & 0xFFFFF000) << 32) | ((ulong)(major & 0xFFF) << 8) | ((ulong)(minor & 0xFFFFFF00) << 12) | (minor & 0xFF);

    /// <summary>The same as the kernel writes it, "7:0".</summary>
    internal static string NumbersOf(ulong device) =>
        string.Create(CultureInfo.InvariantCulture, $"{((device >> 32) & 0xFFFFF000) | ((device >> 8) & 0xFFF)}:{((device >> 12) & 0xFFFFFF00) | (device & 0xFF)}");

    private static Errno Of(Descriptor directory, byte* path, int flags, out FileStatus status)
    {
        LibC.StatX found;
        Errno errno;
        while (LibC.MustRepeat(LibC.statx(directory, path, flags, LibC.STATX_WANTED, &found), out errno))
        {
        }

        status = errno == Errno.None ? Translate(in found) : default;
        return errno;
    }

    private static FileStatus Translate(in LibC.StatX found) => new(
        Kind(found.Mode & KindBits),
        Device(found.DeviceMajor, found.DeviceMinor),
        found.Inode,
        found.Size,
        (UnixFileMode)(found.Mode & PermissionBits),
        found.Links);

    private static FileKind Kind(int bits) => bits switch
    {
        0x8000 => FileKind.Regular,
        0x4000 => FileKind.Directory,
        0xA000 => FileKind.SymbolicLink,
        _ => FileKind.Other,
    };
}
