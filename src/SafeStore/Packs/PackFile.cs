using System;
using SafeStore.FileSystem;

namespace SafeStore.Packs;

/// <summary>The pack's name, and how files are read and written whole.</summary>
internal static class PackFile
{
    /// <summary>Its name in the config root's metadata directory.</summary>
    public const string Name = "pack";

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    public static Errno Read(IDurableFileSystem fs, FileHandle file, Span<byte> buffer, long offset, out int count)
    {
        Errno errno = Errno.None;
        count = 0;
        while (count < buffer.Length && (errno = fs.Read(file, buffer[count..], offset + count, out int read)) == Errno.None && read > 0)
        {
            count += read;
        }

        return errno;
    }

    /// <summary>Writes all bytes.</summary>
    public static void Write(IDurableFileSystem fs, FileHandle file, ReadOnlySpan<byte> bytes, ref long offset)
    {
        while (!bytes.IsEmpty)
        {
            Errno errno = fs.Write(file, bytes, offset, out int count);
            StorageException.ThrowIfFailed(errno == Errno.None && count == 0 ? Errno.InputOutput : errno, "write the pack", file);
            bytes = bytes[count..];
            offset += count;
        }
    }
}
