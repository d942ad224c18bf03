using System;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;

namespace SafeStore.FileSystem;

/// <summary>
/// statx(2), whose structure is the same on every architecture; fstatat(2) where the kernel or a seccomp filter refuses that, which
/// tells no mount.
/// </summary>
internal static unsafe class PosixStatus
{
    private const int KindBits = 0xF000;
    private const int PermissionBits = 0xFFF;

    internal static Errno OfDescriptor(Descriptor descriptor, out FileStatus status)
    {
        byte empty = 0;
        return Of(descriptor, &empty, LibC.AT_EMPTY_PATH, out status);
    }

    internal static Errno OfNumber(int descriptor, out FileStatus status)
    {
        byte empty = 0;
        LibC.StatX found;
        Errno errno;
        while (LibC.MustRepeat(LibC.statx(descriptor, &empty, LibC.AT_EMPTY_PATH, LibC.STATX_WANTED, &found), out errno))
        {
        }

        if (!IsRefused(errno))
        {
            status = errno == Errno.None ? Translate(in found) : default;
            return errno;
        }

        LibC.Stat plain;
        while (LibC.MustRepeat(LibC.newfstatat(descriptor, &empty, &plain, LibC.AT_EMPTY_PATH), out errno))
        {
        }

        status = errno == Errno.None ? Translate(in plain) : default;
        return errno;
    }

    /// <summary>A symbolic link in the last component is described itself.</summary>
    internal static Errno OfPath(Descriptor directory, byte* path, out FileStatus status) =>
        Of(directory, path, LibC.AT_SYMLINK_NOFOLLOW | LibC.AT_NO_AUTOMOUNT, out status);

    /// <summary>The time of the last change (st_ctime), in ticks of 100 ns.</summary>
    internal static Errno ChangeOf(Descriptor descriptor, out DateTimeOffset time)
    {
        byte empty = 0;
        LibC.StatX found;
        Errno errno;
        while (LibC.MustRepeat(LibC.statx(descriptor, &empty, LibC.AT_EMPTY_PATH, LibC.STATX_CTIME, &found), out errno))
        {
        }

        if (!IsRefused(errno))
        {
            time = errno == Errno.None ? Time(found.Changed.Seconds, found.Changed.Nanoseconds) : default;
            return errno;
        }

        LibC.Stat plain;
        while (LibC.MustRepeat(LibC.newfstatat(descriptor, &empty, &plain, LibC.AT_EMPTY_PATH), out errno))
        {
        }

        time = errno == Errno.None ? Time(plain.Changed.Seconds, plain.Changed.Nanoseconds) : default;
        return errno;
    }

    /// <summary>A device's number as stat(2) and stat(1) show it.</summary>
    internal static ulong Device(uint major, uint minor) =>
        ((ulong)(major & 0xFFFFF000) << 32) | ((ulong)(major & 0xFFF) << 8) | ((ulong)(minor & 0xFFFFFF00) << 12) | (minor & 0xFF);

    /// <summary>The same as the kernel writes it, "7:0".</summary>
    internal static string NumbersOf(ulong device) => string.Create(
        CultureInfo.InvariantCulture,
        $"{((device >> 32) & 0xFFFFF000) | ((device >> 8) & 0xFFF)}:{((device >> 12) & 0xFFFFFF00) | (device & 0xFF)}");

    private static Errno Of(Descriptor directory, byte* path, int flags, out FileStatus status)
    {
        LibC.StatX found;
        Errno errno;
        while (LibC.MustRepeat(LibC.statx(directory, path, flags, LibC.STATX_WANTED, &found), out errno))
        {
        }

        if (!IsRefused(errno))
        {
            status = errno == Errno.None ? Translate(in found) : default;
            return errno;
        }

        LibC.Stat plain;
        while (LibC.MustRepeat(LibC.newfstatat(directory, path, &plain, flags), out errno))
        {
        }

        status = errno == Errno.None ? Translate(in plain) : default;
        return errno;
    }

    /// <summary>Whether the call itself is refused; where the path is, the other call says so again.</summary>
    private static bool IsRefused(Errno errno) => errno is Errno.NotImplemented or Errno.NotPermitted;

    private static FileStatus Translate(in LibC.StatX found) => new(
        Kind(found.Mode & KindBits),
        Device(found.DeviceMajor, found.DeviceMinor),
        found.Inode,
        found.Size,
        (UnixFileMode)(found.Mode & PermissionBits),
        found.Links)
    {
        MountId = (found.Known & LibC.STATX_MNT_ID) != 0 ? found.MountId : 0,
        Owner = new FileOwner(found.User, found.Group),
    };

    private static FileStatus Translate(in LibC.Stat found)
    {
        bool isArm64 = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
        uint mode = isArm64 ? found.OnArm64.Mode : found.OnX64.Mode;
        return new FileStatus(
            Kind((int)(mode & KindBits)),
            found.Device,
            found.Inode,
            found.Size,
            (UnixFileMode)(mode & PermissionBits),
            isArm64 ? found.OnArm64.Links : (long)found.OnX64.Links)
        {
            Owner = isArm64
                ? new FileOwner(found.OnArm64.User, found.OnArm64.Group)
                : new FileOwner(found.OnX64.User, found.OnX64.Group),
        };
    }

    /// <summary>A time that .NET cannot express becomes the nearest that it can.</summary>
    private static DateTimeOffset Time(long seconds, long nanoseconds)
    {
        const long earliest = -62_135_596_800;
        const long latest = 253_402_300_799;
        return DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(seconds, earliest, latest))
            .AddTicks(nanoseconds / TimeSpan.NanosecondsPerTick);
    }

    private static FileKind Kind(int bits) => bits switch
    {
        0x8000 => FileKind.Regular,
        0x4000 => FileKind.Directory,
        0xA000 => FileKind.SymbolicLink,
        _ => FileKind.Other,
    };
}
