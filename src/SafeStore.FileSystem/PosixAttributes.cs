using System;
using System.Runtime.CompilerServices;

namespace SafeStore.FileSystem;

/// <summary>Extended attributes, xattr(7).</summary>
[SkipLocalsInit]
internal static unsafe class PosixAttributes
{
    private const int UsualSize = 512;
    private const int LargestSize = 64 * 1024;

    internal static Errno Get(Descriptor file, string name, out byte[] value)
    {
        value = [];
        byte* text = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Path(name, text);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = Get(file, text, stackalloc byte[UsualSize], out value);

        // The kernel allows no value above the largest size, so the second buffer always suffices.
        return errno == Errno.OutOfRange ? Get(file, text, new byte[LargestSize], out value) : errno;
    }

    /// <summary>In one call by setxattrat(2) of Linux 6.13, without opening the file.</summary>
    internal static Errno Set(Descriptor directory, string name, string attribute, ReadOnlySpan<byte> value)
    {
        byte* file = stackalloc byte[NativeText.Capacity];
        byte* text = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Path(attribute, text);
        errno = errno == Errno.None ? name is "." ? NativeText.Path(name, file) : NativeText.Name(name, file) : errno;
        if (errno != Errno.None)
        {
            return errno;
        }

        fixed (byte* start = value)
        {
            LibC.XAttrArgs args = new() { Value = (ulong)start, Size = (uint)value.Length };
            while (LibC.MustRepeat(LibC.setxattrat(directory, file, LibC.AT_SYMLINK_NOFOLLOW, text, &args), out errno))
            {
            }
        }

        // Not known to the kernel; refused by a filter, or a link; or the file's mode says that it is not to be written.
        return errno is Errno.NotImplemented or Errno.NotPermitted or Errno.AccessDenied ? SetOpened(directory, file, text, value) : errno;
    }

    /// <summary>Sets one of an open file, also where its mode lets not even its owner write it.</summary>
    internal static Errno Set(Descriptor file, byte* name, ReadOnlySpan<byte> value)
    {
        Errno errno = SetOnce(file, name, value);
        return errno == Errno.AccessDenied ? SetOnReadOnly(file, name, value) : errno;
    }

    private static Errno SetOpened(Descriptor directory, byte* file, byte* name, ReadOnlySpan<byte> value)
    {
        const int flags = LibC.O_RDONLY | LibC.O_NONBLOCK | LibC.O_NOCTTY;
        Errno errno = PosixOpening.OpenName(directory, file, flags, 0, out Descriptor? opened);
        using (opened)
        {
            return errno == Errno.None ? Set(opened!, name, value) : errno;
        }
    }

    private static Errno SetOnReadOnly(Descriptor file, byte* name, ReadOnlySpan<byte> value)
    {
        const uint ownerMayWrite = 0x80;
        Errno errno = PosixStatus.OfDescriptor(file, out FileStatus status);
        errno = errno == Errno.None ? SetMode(file, (uint)status.Mode | ownerMayWrite) : errno;
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = SetOnce(file, name, value);
        Errno restored = SetMode(file, (uint)status.Mode);
        return errno == Errno.None ? restored : errno;
    }

    private static Errno SetMode(Descriptor file, uint mode)
    {
        Errno errno;
        while (LibC.MustRepeat(LibC.fchmod(file, mode), out errno))
        {
        }

        return errno;
    }

    private static Errno SetOnce(Descriptor file, byte* name, ReadOnlySpan<byte> value)
    {
        fixed (byte* start = value)
        {
            Errno errno;
            while (LibC.MustRepeat(LibC.fsetxattr(file, name, start, (nuint)value.Length, 0), out errno))
            {
            }

            return errno;
        }
    }

    private static Errno Get(Descriptor file, byte* name, Span<byte> buffer, out byte[] value)
    {
        fixed (byte* start = buffer)
        {
            nint size;
            Errno errno;
            do
            {
                size = LibC.fgetxattr(file, name, start, (nuint)buffer.Length);
            }
            while (LibC.MustRepeat(size, out errno));

            value = errno == Errno.None ? buffer[..(int)size].ToArray() : [];
            return errno;
        }
    }
}
