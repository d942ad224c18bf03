using System;
using System.Collections.Generic;
using SafeStore.FileSystem;

namespace SafeStore.Log;

/// <summary>
/// Reads the records of one segment forward. A record follows the one before it at once (same batch) or at the next 4 KiB boundary
/// (next batch); what is neither is where the log ends, or a remnant of a batch that was never acknowledged.
/// </summary>
internal sealed class SegmentReader(IDurableFileSystem fs, FileHandle file, SegmentHeader header) : IDisposable
{
    private const int WindowBytes = 64 * 1024;

    private byte[] _window = new byte[RecordFormat.BlockBytes];
    private long _windowStart;
    private int _windowLength;

    public SegmentHeader Header { get; } = header;

    public FileHandle File { get; } = file;

    /// <summary>Up to where records may lie: the header's size, or what is left of a file that was cut off.</summary>
    public long Length { get; init; } = header.SegmentBytes;

    /// <summary>Whether the payload of a record is lent until the next is read, and not a copy.</summary>
    public bool LendsPayloads { get; set; }

    /// <summary>Closes the file.</summary>
    public void Dispose() => File.Dispose();

    /// <summary>Forgets what was read: others may have written since.</summary>
    public void Refresh()
    {
        _windowLength = 0;
        if (_window.Length > WindowBytes)
        {
            _window = new byte[RecordFormat.BlockBytes];
        }
    }

    /// <summary>Reads the record after the one that ended at <paramref name="position"/>.</summary>
    public CommitRecord? TryReadNext(LogPosition position, out LogPosition next)
    {
        if (TryReadAt(position.Offset, position, out CommitRecord? record, out next))
        {
            return record;
        }

        long boundary = RecordFormat.AlignUp(position.Offset, RecordFormat.BlockBytes);
        return boundary != position.Offset && TryReadAt(boundary, position, out record, out next) ? record : null;
    }

    /// <summary>The end of the chain of records after a position.</summary>
    public LogPosition EndAfter(LogPosition position)
    {
        while (TryReadNext(position, out LogPosition next) is not null)
        {
            position = next;
        }

        return position;
    }

    /// <summary>
    /// Whether a batch behind this position claims that the record expected here was durable: then it was lost, not torn. A remnant of
    /// a batch that was never acknowledged cannot claim it, since it was written when the log ended here or before.
    /// </summary>
    public bool IsClaimedDurable(LogPosition position, out long claimant)
    {
        for (claimant = RecordFormat.AlignUp(
            position.Offset, RecordFormat.BlockBytes); claimant < Length; claimant += RecordFormat.BlockBytes)
        {
            if (TryReadValid(claimant, out RecordHeader header, out _) && header.Lsn > position.Next && header.DurableLsn >= position.Next)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// The records behind a position that are whole, whatever lies between them: for a repair. Some may be remnants of batches that were
    /// never acknowledged.
    /// </summary>
    public IEnumerable<CommitRecord> Salvage(LogPosition position)
    {
        for (long offset = position.Offset; offset < Length;)
        {
            if (!TryReadValid(offset, out RecordHeader found, out ulong checksum) || found.Lsn < position.Next)
            {
                offset += 8; // a record is padded to that
                continue;
            }

            ReadOnlyMemory<byte> payload = Memory(offset + RecordFormat.HeaderBytes, found.PayloadBytes);
            yield return new CommitRecord(Header, found.Lsn, found.DurableLsn, checksum, payload.ToArray());
            offset += RecordFormat.SizeOf(found.PayloadBytes);
        }
    }

    /// <summary>Whether anything behind this position was written in this use of the file, valid or not.</summary>
    public bool HasTracesAfter(LogPosition position)
    {
        Span<byte> salt = stackalloc byte[8];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(salt, Header.Salt);
        for (long start = position.Offset; start < Length; start += WindowBytes - 8)
        {
            int wanted = (int)Math.Min(WindowBytes, Length - start);
            if (Bytes(start, wanted).IndexOf(salt) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Writes what the file has over itself, so that the next sync brings all of it to the disk.</summary>
    public void Rewrite()
    {
        for (long offset = 0; offset < Length; offset += WindowBytes)
        {
            ReadOnlySpan<byte> bytes = Bytes(offset, (int)Math.Min(WindowBytes, Length - offset));
            StorageException.ThrowIfFailed(fs.Write(File, bytes, offset, out int count), "write the log anew", File);
            StorageException.ThrowIfFailed(count == bytes.Length ? Errno.None : Errno.NoSpace, "write the log anew", File);
        }
    }

    private bool TryReadAt(long offset, LogPosition position, out CommitRecord? record, out LogPosition next)
    {
        record = null;
        next = position;
        if (!RecordFormat.TryReadHeader(Bytes(offset, RecordFormat.HeaderBytes), Header.Salt, out RecordHeader found)
            || found.Lsn != position.Next || found.PreviousChecksum != position.Checksum
            || !TryReadValid(offset, out found, out ulong checksum))
        {
            return false;
        }

        ReadOnlyMemory<byte> payload = Memory(offset + RecordFormat.HeaderBytes, found.PayloadBytes);
        record = new CommitRecord(Header, found.Lsn, found.DurableLsn, checksum, LendsPayloads ? payload : payload.ToArray());
        next = new LogPosition(offset + RecordFormat.SizeOf(found.PayloadBytes), found.Lsn.Next, checksum);
        return true;
    }

    private bool TryReadValid(long offset, out RecordHeader header, out ulong checksum)
    {
        checksum = 0;
        if (!RecordFormat.TryReadHeader(Bytes(offset, RecordFormat.HeaderBytes), Header.Salt, out header)
            || offset + RecordFormat.SizeOf(header.PayloadBytes) > Length)
        {
            return false;
        }

        int length = RecordFormat.HeaderBytes + header.PayloadBytes;
        ReadOnlySpan<byte> bytes = Bytes(offset, length);
        return bytes.Length == length && RecordFormat.HasValidChecksum(bytes, header, out checksum);
    }

    private ReadOnlySpan<byte> Bytes(long offset, int wanted) => Memory(offset, wanted).Span;

    /// <summary>Bytes of the file; fewer than wanted at its end.</summary>
    private ReadOnlyMemory<byte> Memory(long offset, int wanted)
    {
        if (offset < _windowStart || offset + wanted > _windowStart + _windowLength)
        {
            Load(offset, wanted);
        }

        int from = (int)(offset - _windowStart);
        return _window.AsMemory(from, Math.Min(wanted, _windowLength - from));
    }

    private void Load(long offset, int wanted)
    {
        // The first look is one block, since a reader at the tail finds nothing; one that reads on reads more at a time.
        int size = _windowLength == 0 ? Math.Max(wanted, RecordFormat.BlockBytes) : Math.Max(wanted, WindowBytes);
        if (_window.Length < size)
        {
            _window = new byte[size];
        }

        _windowStart = offset;
        _windowLength = 0;
        while (_windowLength < size)
        {
            StorageException.ThrowIfFailed(
                fs.Read(File, _window.AsSpan(_windowLength, size - _windowLength), offset + _windowLength, out int count),
                "read the log", File);
            if (count == 0)
            {
                return;
            }

            _windowLength += count;
        }
    }
}

/// <summary>
/// Where the next record is expected: after the record that ended at the offset, with the next LSN, linked to the last checksum.
/// </summary>
internal readonly record struct LogPosition(long Offset, Lsn Next, ulong Checksum)
{
    public static LogPosition StartOf(SegmentHeader header) => new(SegmentHeader.Bytes, header.FirstLsn, header.PreviousChecksum);
}
