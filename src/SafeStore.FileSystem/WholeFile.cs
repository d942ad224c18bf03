using System;
using System.Buffers;

namespace SafeStore.FileSystem;

/// <summary>Reads small files whole, with as few system calls as can be.</summary>
internal static class WholeFile
{
    private const int FirstSize = 16 * 1024;
    private const int PageSize = 4096;
    private const int Growth = 8;

    /// <summary>Reads a file into a rented buffer.</summary>
    /// <param name="fs">The filesystem.</param>
    /// <param name="directory">Where the path starts.</param>
    /// <param name="path">A relative path.</param>
    /// <param name="limit">The largest size in bytes; a larger file gives <see cref="Errno.FileTooLarge"/>.</param>
    /// <param name="rented">
    /// From the shared pool, and the caller's to return to it; empty, with nothing to return, unless the result is
    /// <see cref="Errno.None"/>.
    /// </param>
    /// <param name="length">How many bytes of the buffer are the file's.</param>
    internal static Errno Read(
        IDurableFileSystem fs, DirectoryHandle directory, ReadOnlySpan<char> path, int limit, out byte[] rented, out int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(limit, Array.MaxLength);
        rented = [];
        length = 0;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Min(FirstSize, limit + 1));
        while (true)
        {
            // One byte above the limit is enough to know.
            int room = Math.Min(buffer.Length, limit + 1);
            Errno errno = fs.ReadWhole(directory, path, buffer.AsSpan(0, room), out int count);
            if (errno == Errno.None && count == room && count <= limit)
            {
                // A file so large is read from its start again: the name may stand for another one meanwhile, of which the first part would
                // be wrong.
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(Growth * (long)buffer.Length, limit + 1L));
                continue;
            }

            errno = errno == Errno.None && count > limit ? Errno.FileTooLarge : errno;
            if (errno == Errno.None)
            {
                (rented, length) = (buffer, count);
            }
            else
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }

            return errno;
        }
    }

    /// <summary>Reads an open file into a rented buffer.</summary>
    /// <inheritdoc cref="Read(IDurableFileSystem, DirectoryHandle, ReadOnlySpan{char}, int, out byte[], out int)"/>
    internal static Errno Read(IDurableFileSystem fs, FileHandle file, int limit, out byte[] rented, out int length)
    {
        rented = ArrayPool<byte>.Shared.Rent(Math.Min(FirstSize, limit + 1));
        length = 0;
        Errno errno;
        int count;
        while ((errno = fs.Read(file, rented.AsSpan(length), length, out count)) == Errno.None && count > 0)
        {
            length += count;
            if (length > limit)
            {
                errno = Errno.FileTooLarge;
                break;
            }

            if (length < rented.Length)
            {
                if (IsEnd(length))
                {
                    break;
                }

                continue;
            }

            byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Growth * (long)rented.Length, limit + 1L));
            rented.AsSpan(0, length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(rented);
            rented = larger;
        }

        if (errno != Errno.None)
        {
            ArrayPool<byte>.Shared.Return(rented);
            (rented, length) = ([], 0);
        }

        return errno;
    }

    /// <summary>Reads an open file from a position until the buffer is full or the file ends.</summary>
    internal static Errno Fill(IDurableFileSystem fs, FileHandle file, Span<byte> buffer, long offset, out int count)
    {
        Errno errno = Errno.None;
        count = 0;
        while (count < buffer.Length && (errno = fs.Read(file, buffer[count..], offset + count, out int read)) == Errno.None && read > 0)
        {
            count += read;
        }

        return errno;
    }

    /// <summary>
    /// Whether a short read that stops here stopped at the end of the file, so that no second read need ask. Reads of a regular file
    /// come short for two reasons only: the end, or a page that the device could not deliver, in which case the kernel hands out
    /// what lies before it and gives the error to the next read. Pages begin at multiples of 4 KiB, the smallest that Linux has; a read
    /// that stops elsewhere stopped at the end.
    /// </summary>
    internal static bool IsEnd(int position) => position % PageSize != 0;
}
