using System;
using System.Runtime.CompilerServices;

namespace SafeStore.FileSystem;

/// <summary>Reads, by pread(2); small files in one go: the bare calls, with nothing on the heap.</summary>
[SkipLocalsInit]
internal static unsafe class PosixReading
{
    internal static Errno Read(Descriptor file, Span<byte> buffer, long offset, out int count)
    {
        fixed (byte* start = buffer)
        {
            nint read;
            Errno errno;
            do
            {
                read = LibC.pread(file, start, (nuint)buffer.Length, offset);
            }
            while (LibC.MustRepeat(read, out errno));

            count = errno == Errno.None ? (int)read : 0;
            return errno;
        }
    }

    internal static Errno ReadWhole(Descriptor directory, ReadOnlySpan<char> path, Span<byte> buffer, bool walk, out int count)
    {
        count = 0;
        byte* text = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Path(path, text);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = PosixOpening.OpenNumber(directory, text, LibC.O_RDONLY | LibC.O_NONBLOCK | LibC.O_NOCTTY, walk, out int number);
        if (errno != Errno.None)
        {
            return errno;
        }

        // Nothing from here to the close throws, so that no handle need own the number.
        errno = ReadToEnd(number, buffer, out count);
        _ = LibC.close(number);
        return errno;
    }

    private static Errno ReadToEnd(int file, Span<byte> buffer, out int count)
    {
        count = 0;
        Errno errno = Errno.None;
        int length = 0;
        fixed (byte* start = buffer)
        {
            while (length < buffer.Length)
            {
                nint read;
                do
                {
                    // pread, not read: it refuses what has no positions, a pipe above all.
                    read = LibC.pread(file, start + length, (nuint)(buffer.Length - length), length);
                }
                while (LibC.MustRepeat(read, out errno));

                length += (int)Math.Max(read, 0);
                if (read <= 0 || WholeFile.IsEnd(length))
                {
                    break;
                }
            }
        }

        count = errno == Errno.None ? length : 0;
        return errno;
    }
}
