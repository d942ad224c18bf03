using System;
using System.Buffers;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace SafeStore.FileSystem;

/// <summary>
/// Lists directories by getdents64(2). The position belongs to the descriptor, so that a listing while another is under way needs a
/// descriptor of its own.
/// </summary>
internal static unsafe class PosixListing
{
    private const int BufferSize = 32 * 1024;

    // struct linux_dirent64: inode (8), position (8), length of the record (2), type (1), name with its NUL.
    private const int LengthOffset = 16;
    private const int TypeOffset = 18;
    private const int NameOffset = 19;

    internal static Errno List(PosixDirectory directory, ICollection<DirectoryEntry> entries)
    {
        if (!directory.TryBeginListing())
        {
            return ListApart(directory.Descriptor, entries);
        }

        try
        {
            // From the start, also for the first time: what btrfs shows ends where the directory ended when it was opened.
            Errno errno = LibC.Error(LibC.lseek(directory.Descriptor, 0, LibC.SEEK_SET));
            return errno == Errno.None ? Read(directory.Descriptor, entries) : errno;
        }
        finally
        {
            directory.EndListing();
        }
    }

    /// <summary>Lists what has just been opened for that.</summary>
    internal static Errno ListAndClose(Descriptor own, ICollection<DirectoryEntry> entries)
    {
        using (own)
        {
            return Read(own, entries);
        }
    }

    private static Errno ListApart(Descriptor directory, ICollection<DirectoryEntry> entries)
    {
        byte* self = stackalloc byte[2] { (byte)'.', 0 };
        Errno errno = PosixOpening.OpenName(directory, self, LibC.O_RDONLY | LibC.O_DIRECTORY, 0, out Descriptor? own);
        return errno == Errno.None ? ListAndClose(own!, entries) : errno;
    }

    private static Errno Read(Descriptor directory, ICollection<DirectoryEntry> entries)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            return ReadAll(directory, buffer, entries);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static Errno ReadAll(Descriptor directory, byte[] buffer, ICollection<DirectoryEntry> entries)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                nint filled;
                Errno errno;
                do
                {
                    filled = LibC.getdents64(directory, start, (nuint)buffer.Length);
                }
                while (LibC.MustRepeat(filled, out errno));

                if (errno != Errno.None || filled == 0)
                {
                    return errno;
                }

                errno = Add(directory, start, start + filled, entries);
                if (errno != Errno.None)
                {
                    return errno;
                }
            }
        }
    }

    private static Errno Add(Descriptor directory, byte* record, byte* end, ICollection<DirectoryEntry> entries)
    {
        for (; record < end; record += *(ushort*)(record + LengthOffset))
        {
            byte* start = record + NameOffset;
            ReadOnlySpan<byte> name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(start);
            if (name.SequenceEqual("."u8) || name.SequenceEqual(".."u8))
            {
                continue;
            }

            FileKind? kind = Kind(record[TypeOffset]);
            if (kind is null)
            {
                Errno errno = PosixStatus.OfPath(directory, start, out FileStatus status);
                if (errno == Errno.NotFound)
                {
                    continue; // Removed since: no longer a name of this directory.
                }

                if (errno != Errno.None)
                {
                    return errno;
                }

                kind = status.Kind;
            }

            entries.Add(new DirectoryEntry(NativeText.Decode(name), kind.Value));
        }

        return Errno.None;
    }

    /// <summary>The kind by d_type; null for DT_UNKNOWN, which some filesystems give for every name.</summary>
    private static FileKind? Kind(byte type) => type switch
    {
        0 => null,
        8 => FileKind.Regular,
        4 => FileKind.Directory,
        10 => FileKind.SymbolicLink,
        _ => FileKind.Other,
    };
}
