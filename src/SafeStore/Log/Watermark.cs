using System;
using System.Buffers.Binary;
using System.IO.Hashing;
using SafeStore.FileSystem;
using SafeStore.Vocabulary;

namespace SafeStore.Log;

/// <summary>
/// The highest LSN whose effects are durable in the document files themselves, or are written again by a later record: two slots in blocks
/// of their own, written alternately, so that a torn write leaves the other. Written under the checkpoint lock or an exclusive open lock
/// only.
/// </summary>
internal sealed class Watermark
{
    public const string FileName = "watermark";

    private const ulong Magic = 0x314B_4D57_4F54_5353; // "SSTOWMK1"
    private const int SlotBytes = 32;
    private const int FileBytes = 2 * RecordFormat.BlockBytes;

    private readonly IDurableFileSystem _fs;
    private readonly DirectoryHandle _metadata;

    public Watermark(IDurableFileSystem fs, DirectoryHandle metadata)
    {
        _fs = fs;
        _metadata = metadata;
    }

    private string FilePath => $"{_metadata.Path}/{FileName}";

    /// <summary>The watermark, or null when the file does not exist: the store was never finished.</summary>
    public Lsn? Read()
    {
        Errno errno = _fs.OpenFile(_metadata, FileName, FileUse.Read, out FileHandle? file);
        if (errno == Errno.NotFound)
        {
            return null;
        }

        StorageException.ThrowIfFailed(errno, "open the watermark", FilePath);
        using (file)
        {
            return Newest(file!)?.Lsn ?? throw new LogCorruptException(FilePath, 0, default, "neither slot of the watermark is valid");
        }
    }

    /// <summary>
    /// Writes the file anew; durable on return. Recovery does, since what it reads may be in the cache and not on the disk.
    /// </summary>
    public void Create(AtomicFile atomic, Lsn lsn)
    {
        byte[] content = new byte[FileBytes];
        Encode(content, new Slot(1, lsn));
        atomic.Write(_metadata, FileName, content);
    }

    /// <summary>Advances the watermark; durable on return.</summary>
    /// <remarks>The caller has made durable everything up to it.</remarks>
    /// <exception cref="SyncFailedException">
    /// The slot may be in the cache and not on the disk; the next write would go over the last good one.
    /// </exception>
    public void Advance(Lsn lsn)
    {
        StorageException.ThrowIfFailed(
            _fs.OpenFile(_metadata, FileName, FileUse.ReadWrite, out FileHandle? file), "open the watermark", FilePath);
        using (file)
        {
            Slot newest = Newest(file!) ?? throw new LogCorruptException(FilePath, 0, default, "neither slot of the watermark is valid");
            if (lsn <= newest.Lsn)
            {
                return;
            }

            var slot = new Slot(newest.Sequence + 1, lsn);
            byte[] bytes = new byte[SlotBytes];
            Encode(bytes, slot);
            Errno errno = _fs.Write(file!, bytes, OffsetOf(slot), out int count);
            errno = errno == Errno.None && count != SlotBytes ? Errno.NoSpace : errno;
            errno = errno == Errno.None ? _fs.SyncData(file!) : errno;
            if (errno != Errno.None)
            {
                throw new SyncFailedException(FilePath, errno);
            }
        }
    }

    private Slot? Newest(FileHandle file)
    {
        Slot? newest = null;
        Span<byte> bytes = stackalloc byte[SlotBytes];
        for (long offset = 0; offset < FileBytes; offset += RecordFormat.BlockBytes)
        {
            StorageException.ThrowIfFailed(_fs.Read(file, bytes, offset, out int count), "read the watermark", FilePath);
            if (count == SlotBytes && TryDecode(bytes) is { } slot && (newest is null || slot.Sequence > newest.Value.Sequence))
            {
                newest = slot;
            }
        }

        return newest;
    }

    private static long OffsetOf(Slot slot) => slot.Sequence % 2 == 1 ? 0 : RecordFormat.BlockBytes;

    private static void Encode(Span<byte> target, Slot slot)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], Magic);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], slot.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], slot.Lsn.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(target, XxHash3.HashToUInt64(target[8..SlotBytes]));
    }

    private static Slot? TryDecode(ReadOnlySpan<byte> bytes) =>
        BinaryPrimitives.ReadUInt64LittleEndian(bytes) == XxHash3.HashToUInt64(bytes[8..SlotBytes])
        && BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) == Magic
            ? new Slot(BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]), new Lsn(BinaryPrimitives.ReadInt64LittleEndian(bytes[24..])))
            : null;

    private readonly record struct Slot(long Sequence, Lsn Lsn);
}
