using System;
using SafeStore.FileSystem;
using SafeStore.Testing.Disks;

namespace SafeStore.Testing;

/// <summary>The content of open files.</summary>
public sealed partial class SimulatedFileSystem
{
    /// <inheritdoc/>
    public Errno Read(FileHandle file, Span<byte> buffer, long offset, out int count)
    {
        SimulatedFile opened = Of(file);
        count = 0;
        using Turn turn = Begin(Operation.Read, opened.Path, $"{offset}+{buffer.Length}", opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        if (offset < 0 || offset > long.MaxValue - buffer.Length)
        {
            return turn.End(Errno.Invalid);
        }

        if (opened.Place.Inode is not FileInode inode)
        {
            return turn.End(Errno.IsDirectory);
        }

        count = inode.Content.Read(turn.Fault is ShortTransfer few ? buffer[..Math.Min(buffer.Length, few.Bytes)] : buffer, offset);
        if (turn.Fault is BitFlipped flip)
        {
            Flip(buffer[..count], flip.Bit);
        }

        errno = turn.End(Errno.None);
        count = errno == Errno.None ? count : 0;
        return errno;
    }

    /// <inheritdoc/>
    public Errno Write(FileHandle file, ReadOnlySpan<byte> bytes, long offset, out int count)
    {
        SimulatedFile opened = Of(file);
        count = 0;
        WriteInProgress? write = _machine.BeforeChange is null ? null
            : new WriteInProgress(opened.Place.Disk.Device, opened.Place.Inode.Number, offset, bytes.ToArray());
        using Turn turn = Begin(Operation.Write, opened.Path, $"{offset}+{bytes.Length}", opened.Place.Disk, write);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        if (offset < 0)
        {
            return turn.End(Errno.Invalid);
        }

        if (!opened.CanWrite || opened.Place.Inode is not FileInode inode)
        {
            return turn.End(Errno.BadHandle);
        }

        errno = bytes.IsEmpty ? Errno.None : CheckWrite(opened.Place.Disk, inode, offset, bytes.Length);
        if (errno != Errno.None)
        {
            return turn.End(errno);
        }

        int length = turn.Fault is ShortTransfer few ? Math.Clamp(few.Bytes, 0, bytes.Length) : bytes.Length;
        bytes = bytes[..(int)Room(opened.Place.Disk, inode, offset, length)];
        if (turn.Fault is BitFlipped flip)
        {
            byte[] changed = bytes.ToArray();
            Flip(changed, flip.Bit);
            bytes = changed;
        }

        if (!bytes.IsEmpty)
        {
            opened.Place.Disk.Write(inode, bytes, offset);
            inode.Written = _machine.Timers.Now;
        }

        errno = turn.End(Errno.None);
        count = errno == Errno.None ? bytes.Length : 0;
        return errno;
    }

    /// <inheritdoc/>
    public Errno Allocate(FileHandle file, long size)
    {
        SimulatedFile opened = Of(file);
        using Turn turn = Begin(Operation.Allocate, opened.Path, $"{size}", opened.Place.Disk);
        return turn.Fails(out Errno errno) ? errno : turn.End(Allocate(opened, size));
    }

    /// <summary>How many bytes of a write there is space for.</summary>
    private static long Room(Disk disk, FileInode file, long offset, long length)
    {
        if (disk.BytesMax == long.MaxValue)
        {
            return length;
        }

        long limit = Disk.BlocksOf(file.Content.Size) + Math.Max(0, (disk.BytesMax - disk.BytesUsed()) / 4096 * 4096);
        return Math.Clamp(limit - offset, 0, length);
    }

    private static Errno CheckWrite(Disk disk, FileInode file, long offset, int length)
    {
        if (offset > long.MaxValue - length)
        {
            return Errno.Invalid;
        }

        if (offset >= Disk.FileBytesMax)
        {
            return Errno.FileTooLarge;
        }

        return disk.IsReadOnly ? Errno.ReadOnly : Room(disk, file, offset, 1) == 0 ? Errno.NoSpace : Errno.None;
    }

    private static Errno Allocate(SimulatedFile opened, long size)
    {
        if (size <= 0)
        {
            return size < 0 ? Errno.Invalid : Errno.None;
        }

        if (!opened.CanWrite || opened.Place.Inode is not FileInode file)
        {
            return Errno.BadHandle;
        }

        if (size > Disk.FileBytesMax)
        {
            return Errno.FileTooLarge;
        }

        if (opened.Place.Disk.IsReadOnly)
        {
            return Errno.ReadOnly;
        }

        if (size <= file.Content.Size)
        {
            return Errno.None;
        }

        if (Room(opened.Place.Disk, file, 0, size) < size)
        {
            return Errno.NoSpace;
        }

        opened.Place.Disk.Resize(file, size);
        return Errno.None;
    }

    private static void Flip(Span<byte> bytes, long bit)
    {
        if (!bytes.IsEmpty)
        {
            long at = (long)((ulong)bit % ((ulong)bytes.Length * 8));
            bytes[(int)(at / 8)] ^= (byte)(1 << (int)(at % 8));
        }
    }
}
