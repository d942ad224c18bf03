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

    internal static Errno Set(Descriptor file, string name, ReadOnlySpan<byte> value)
    {
        byte* text = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Path(name, text);
        if (errno != Errno.None)
        {
            return errno;
        }

        fixed (byte* start = value)
        {
            while (LibC.MustRepeat(LibC.fsetxattr(file, text, start, (nuint)value.Length, 0), out errno))
            {
            }
        }

        return errno;
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
