using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Text;
using SafeStore.FileSystem;
using SafeStore.Testing.Disks;

namespace SafeStore.Testing;

/// <summary>What is done with open files: their content, locks and attributes.</summary>
public sealed partial class SimulatedFileSystem
{
    private const Errno ArgumentTooLong = (Errno)7;
    private const Errno OutOfRange = (Errno)34;
    private const int AttributeBytesMax = 64 * 1024;

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
        WriteInProgress? write = _machine.BeforeChange is null ? null : new WriteInProgress(opened.Place.Disk.Device, opened.Place.Inode.Number, offset, bytes.ToArray());
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

    /// <inheritdoc/>
    public Errno TryLock(FileHandle file, LockMode mode)
    {
        SimulatedFile opened = Of(file);
        using Turn turn = Begin(Operation.TryLock, opened.Path, mode == LockMode.Exclusive ? "exclusive" : "shared", opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        // A change of mode gives up the old lock first (flock(2)); a refusal leaves nothing.
        opened.Lock = null;
        if (Opened(opened.Place).Any(other => other.Lock == LockMode.Exclusive || (other.Lock is not null && mode == LockMode.Exclusive)))
        {
            return turn.End(Errno.WouldBlock);
        }

        opened.Lock = mode;
        return turn.End(Errno.None);
    }

    /// <inheritdoc/>
    public Errno Unlock(FileHandle file)
    {
        SimulatedFile opened = Of(file);
        using Turn turn = Begin(Operation.Unlock, opened.Path, disk: opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        opened.Lock = null;
        return turn.End(Errno.None);
    }

    /// <inheritdoc/>
    public IReadOnlyList<LockHolder> LockHolders(FileHandle file)
    {
        SimulatedFile opened = Of(file);
        lock (_machine.Gate)
        {
            return [.. Opened(opened.Place).Where(static holder => holder.Lock is not null)
                .Select(static holder => new LockHolder(holder.Process.Id, holder.Process.Name, holder.Lock == LockMode.Exclusive))];
        }
    }

    /// <inheritdoc/>
    public Errno MapWords(FileHandle file, out SharedWords? words)
    {
        SimulatedFile opened = Of(file);
        words = null;
        using Turn turn = Begin(Operation.MapWords, opened.Path, disk: opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        if (StatusOf(opened.Place).Size < SimulatedWords.Bytes)
        {
            return turn.End(Errno.Invalid);
        }

        if (opened.Place.Inode is not FileInode inode)
        {
            return turn.End(Errno.NoDevice);
        }

        words = new SimulatedWords(inode, _machine, opened.Process);
        return turn.End(Errno.None, ref words);
    }

    /// <inheritdoc/>
    public Errno GetAttribute(FileHandle file, string name, out byte[] value)
    {
        ArgumentNullException.ThrowIfNull(name);
        SimulatedFile opened = Of(file);
        value = [];
        using Turn turn = Begin(Operation.GetAttribute, opened.Path, name, opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = CheckAttribute(name, 0);
        ImmutableArray<byte> bytes = [];
        if (errno == Errno.None && !opened.Place.Inode.Metadata.Attributes.TryGetValue(name, out bytes))
        {
            errno = Errno.NoData;
        }

        errno = turn.End(errno);
        value = errno == Errno.None ? [.. bytes] : [];
        return errno;
    }

    /// <inheritdoc/>
    public Errno SetAttribute(FileHandle file, string name, ReadOnlySpan<byte> value)
    {
        ArgumentNullException.ThrowIfNull(name);
        SimulatedFile opened = Of(file);
        using Turn turn = Begin(Operation.SetAttribute, opened.Path, name, opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = CheckAttribute(name, value.Length);
        if (errno == Errno.None && opened.Place.Disk.IsReadOnly)
        {
            errno = Errno.ReadOnly;
        }

        if (errno != Errno.None)
        {
            return turn.End(errno);
        }

        Metadata metadata = opened.Place.Inode.Metadata;
        opened.Place.Disk.SetMetadata(opened.Place.Inode, metadata with { Attributes = metadata.Attributes.SetItem(name, [.. value]) });
        return turn.End(Errno.None);
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

    /// <summary>Whether an extended attribute may have this name; only those of users exist.</summary>
    private static Errno CheckAttribute(string name, int length)
    {
        const int namesBytesMax = 255;
        Errno errno = name.Length == 0 ? OutOfRange : MountTable.CheckPath(name);
        if (errno != Errno.None)
        {
            return errno;
        }

        return Encoding.UTF8.GetByteCount(name) > namesBytesMax ? OutOfRange
            : length > AttributeBytesMax ? ArgumentTooLong
            : !name.StartsWith("user.", StringComparison.Ordinal) ? Errno.NotSupported
            : name.Length == "user.".Length ? Errno.Invalid : Errno.None;
    }

    private IEnumerable<SimulatedFile> Opened(Place place) =>
        _machine.Processes.SelectMany(static process => process.Handles).OfType<SimulatedFile>().Where(file => file.Place == place);

    private static void Flip(Span<byte> bytes, long bit)
    {
        if (!bytes.IsEmpty)
        {
            long at = (long)((ulong)bit % ((ulong)bytes.Length * 8));
            bytes[(int)(at / 8)] ^= (byte)(1 << (int)(at % 8));
        }
    }
}
