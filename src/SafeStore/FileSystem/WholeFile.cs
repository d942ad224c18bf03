using System;
using System.Buffers;

namespace SafeStore.FileSystem;

/// <summary>Reads small files whole, with as few system calls as can be.</summary>
internal static class WholeFile
{
    private const int FirstSize = 16 * 1024;
    private const int SectorSize = 512;

    /// <summary>Reads a file into a rented buffer: open, read to the end, close.</summary>
    /// <param name="fs">The filesystem.</param>
    /// <param name="directory">Where the path starts.</param>
    /// <param name="path">A relative path.</param>
    /// <param name="limit">The largest size in bytes; a larger file gives <see cref="Errno.FileTooLarge"/>.</param>
    /// <param name="rented">
    /// From the shared pool, and the caller's to return to it; empty, with nothing to return, unless the result is
    /// <see cref="Errno.None"/>.
    /// </param>
    /// <param name="length">How many bytes of the buffer are the file's.</param>
    internal static Errno Read(IDurableFileSystem fs, DirectoryHandle directory, string path, int limit, out byte[] rented, out int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(limit, Array.MaxLength);
        rented = [];
        length = 0;
        Errno errno = fs.OpenFile(directory, path, FileUse.Read, out FileHandle? file);
        if (errno != Errno.None)
        {
            return errno;
        }

        using (file)
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Min(FirstSize, limit + 1));
            errno = ReadToEnd(fs, file!, limit, ref buffer, out length);
            if (errno == Errno.None)
            {
                rented = buffer;
            }
            else
            {
                ArrayPool<byte>.Shared.Return(buffer);
                length = 0;
            }

            return errno;
        }
    }

    private static Errno ReadToEnd(IDurableFileSystem fs, FileHandle file, int limit, ref byte[] buffer, out int length)
    {
        length = 0;
        while (true)
        {
            // One byte above the limit is enough to know.
            int room = Math.Min(buffer.Length, limit + 1) - length;
            Errno errno = fs.Read(file, buffer.AsSpan(length, room), length, out int count);
            if (errno != Errno.None)
            {
                return errno;
            }

            length += count;
            if (length > limit)
            {
                return Errno.FileTooLarge;
            }

            if (count == 0 || (count < room && IsEnd(length)))
            {
                return Errno.None;
            }

            if (length == buffer.Length)
            {
                Grow(ref buffer, limit);
            }
        }
    }

    /// <summary>
    /// Whether a short read that stops here stopped at the end of the file, so that no second read need ask. Reads of a regular file
    /// come short for two reasons only: the end, or a page that the device could not deliver, in which case the kernel hands out
    /// what lies before it and gives the error to the next read. Pages begin at multiples of the sector size; a read that stops
    /// elsewhere stopped at the end.
    /// </summary>
    private static bool IsEnd(int position) => position % SectorSize != 0;

    private static void Grow(ref byte[] buffer, int limit)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(2L * buffer.Length, limit + 1L));
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
