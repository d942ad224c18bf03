using System;
using System.Buffers.Binary;
using System.IO.Hashing;

namespace SafeStore.Log;

/// <summary>
/// The bytes of a commit record (docs/file-format.md, "Commit record"): a header of 64 bytes, then the payload, padded with zeros to
/// a multiple of 8. The checksum comes first and covers everything after it up to the end of the payload.
/// </summary>
internal static class RecordFormat
{
    public const int HeaderBytes = 64;
    public const int BlockBytes = 4096;
    public const int PayloadBytesMax = 1 << 30;

    private const ulong Magic = 0x3143_4552_4F54_5353; // "SSTOREC1"

    public static long SizeOf(int payloadBytes) => AlignUp(HeaderBytes + (long)payloadBytes, 8);

    public static long AlignUp(long value, int alignment) => (value + alignment - 1) & -alignment;

    /// <summary>Completes a record whose payload is already in its place, and returns its checksum: the next record's link.</summary>
    public static ulong Seal(Span<byte> record, in RecordHeader header)
    {
        int end = HeaderBytes + header.PayloadBytes;
        record[..HeaderBytes].Clear();
        record[end..].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(record[8..], Magic);
        BinaryPrimitives.WriteUInt64LittleEndian(record[16..], header.Salt);
        BinaryPrimitives.WriteInt64LittleEndian(record[24..], header.Lsn.Value);
        BinaryPrimitives.WriteInt64LittleEndian(record[32..], header.DurableLsn.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(record[40..], header.PreviousChecksum);
        BinaryPrimitives.WriteInt32LittleEndian(record[48..], header.PayloadBytes);
        ulong checksum = XxHash3.HashToUInt64(record[8..end]);
        BinaryPrimitives.WriteUInt64LittleEndian(record, checksum);
        return checksum;
    }

    /// <summary>Reads a header if these bytes start one of this segment. Says nothing yet of the payload.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> bytes, ulong salt, out RecordHeader header)
    {
        header = default;
        if (bytes.Length < HeaderBytes
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) != Magic
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]) != salt)
        {
            return false;
        }

        header = new RecordHeader(
            salt,
            new Lsn(BinaryPrimitives.ReadInt64LittleEndian(bytes[24..])),
            new Lsn(BinaryPrimitives.ReadInt64LittleEndian(bytes[32..])),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[48..]));
        return header.PayloadBytes is >= 0 and <= PayloadBytesMax && bytes[52..HeaderBytes].IndexOfAnyExcept((byte)0) < 0;
    }

    /// <summary>Whether header and payload are what was written.</summary>
    public static bool HasValidChecksum(ReadOnlySpan<byte> record, in RecordHeader header, out ulong checksum)
    {
        checksum = BinaryPrimitives.ReadUInt64LittleEndian(record);
        return checksum == XxHash3.HashToUInt64(record[8..(HeaderBytes + header.PayloadBytes)]);
    }
}

/// <summary>What a record says of itself.</summary>
/// <param name="Salt">The segment's salt: tells this use of the file from earlier ones.</param>
/// <param name="Lsn">The transaction's number.</param>
/// <param name="DurableLsn">The highest LSN that the writer knew to be synced when it wrote the record.</param>
/// <param name="PreviousChecksum">The checksum of the record before it.</param>
/// <param name="PayloadBytes">The payload's length.</param>
internal readonly record struct RecordHeader(ulong Salt, Lsn Lsn, Lsn DurableLsn, ulong PreviousChecksum, int PayloadBytes);

/// <summary>One transaction as it was read from the log.</summary>
internal sealed record CommitRecord(SegmentHeader Segment, Lsn Lsn, Lsn DurableLsn, ulong Checksum, ReadOnlyMemory<byte> Payload);
