using System;
using System.Buffers.Binary;
using System.IO.Hashing;
using SafeStore.Vocabulary;

namespace SafeStore.Log;

/// <summary>
/// The first 4 KiB of a segment (docs/file-format.md, "Segment"). The identities of the roots tell recovery which operations
/// were meant for a root that no longer exists. The LSN before the segment is its first minus one, but after a recovery that had to skip
/// numbers which may have been given to transactions that were never synced. A segment that recovery makes carries a watermark of its
/// own: everything before it is durable in the documents, whatever the older segments and the watermark's file say.
/// </summary>
internal sealed record SegmentHeader(
    ulong Salt, Lsn FirstLsn, Lsn PreviousLsn, ulong PreviousChecksum, long SegmentBytes, StoreIdentity Identity, Lsn Watermark = default)
{
    public const int Bytes = RecordFormat.BlockBytes;
    public const uint FormatVersion = 1;

    private const ulong Magic = 0x3147_4553_4F54_5353; // "SSTOSEG1"
    private const long SegmentBytesMax = 1L << 32; // more than a segment with the largest record; a sparse file may claim any size
    private const int EndOfFields = 120;

    public Guid IdentityOf(StoreRoot root) => Identity.IdentityOf(root);

    public byte[] Encode()
    {
        byte[] bytes = new byte[Bytes];
        Span<byte> span = bytes;
        BinaryPrimitives.WriteUInt64LittleEndian(span[8..], Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(span[16..], FormatVersion);
        BinaryPrimitives.WriteUInt64LittleEndian(span[24..], Salt);
        BinaryPrimitives.WriteInt64LittleEndian(span[32..], FirstLsn.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(span[40..], PreviousChecksum);
        BinaryPrimitives.WriteInt64LittleEndian(span[48..], SegmentBytes);
        _ = Identity.Store.TryWriteBytes(span[56..], bigEndian: true, out _);
        _ = Identity.ConfigRoot.TryWriteBytes(span[72..], bigEndian: true, out _);
        _ = Identity.RunRoot.TryWriteBytes(span[88..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64LittleEndian(span[104..], PreviousLsn.Value);
        BinaryPrimitives.WriteInt64LittleEndian(span[112..], Watermark.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(span, XxHash3.HashToUInt64(span[8..EndOfFields]));
        return bytes;
    }

    /// <summary>The version that a header names which is whole, and not of this version's; null of any other.</summary>
    public static uint? OtherVersionOf(ReadOnlySpan<byte> bytes)
    {
        bool isWhole = bytes.Length >= EndOfFields
            && BinaryPrimitives.ReadUInt64LittleEndian(bytes) == XxHash3.HashToUInt64(bytes[8..EndOfFields])
            && BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) == Magic;
        uint version = isWhole ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]) : FormatVersion;
        return version == FormatVersion ? null : version;
    }

    public static SegmentHeader? TryDecode(ReadOnlySpan<byte> bytes)
    {
        bool valid = bytes.Length >= EndOfFields
            && BinaryPrimitives.ReadUInt64LittleEndian(bytes) == XxHash3.HashToUInt64(bytes[8..EndOfFields])
            && BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) == Magic
            && BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]) == FormatVersion
            && BinaryPrimitives.ReadInt64LittleEndian(bytes[48..]) is > Bytes and <= SegmentBytesMax and var size && size % Bytes == 0;
        return !valid ? null : new SegmentHeader(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
            new Lsn(BinaryPrimitives.ReadInt64LittleEndian(bytes[32..])),
            new Lsn(BinaryPrimitives.ReadInt64LittleEndian(bytes[104..])),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[48..]),
            new StoreIdentity(
                new Guid(bytes[56..72], bigEndian: true), new Guid(bytes[72..88], bigEndian: true),
                new Guid(bytes[88..104], bigEndian: true)),
            new Lsn(BinaryPrimitives.ReadInt64LittleEndian(bytes[112..])));
    }
}
