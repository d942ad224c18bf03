using System;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace SafeStore.Packs;

/// <summary>What a pack begins with: for which run of the machine it was made, and where its index lies (docs/file-format.md, "Pack").</summary>
internal sealed record PackHeader(string BootId, long IndexOffset, int IndexBytes, ulong IndexChecksum)
{
    /// <summary>The pack's name in the config root's metadata directory.</summary>
    public const string FileName = "pack";

    public const int Bytes = 128;
    public const int BootIdBytesMax = 64;

    private const ulong Magic = 0x314B_4341_5054_5353; // "SSTPACK1"

    public byte[] Encode()
    {
        byte[] bytes = new byte[Bytes];
        Span<byte> span = bytes;
        BinaryPrimitives.WriteUInt64LittleEndian(span[8..], Magic);
        BinaryPrimitives.WriteInt64LittleEndian(span[16..], IndexOffset);
        BinaryPrimitives.WriteInt32LittleEndian(span[24..], IndexBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(span[32..], IndexChecksum);
        _ = Encoding.UTF8.GetBytes(BootId, span.Slice(40, BootIdBytesMax));
        BinaryPrimitives.WriteUInt64LittleEndian(span, XxHash3.HashToUInt64(span[8..]));
        return bytes;
    }

    public static PackHeader? TryDecode(ReadOnlySpan<byte> bytes) =>
        bytes.Length == Bytes
        && BinaryPrimitives.ReadUInt64LittleEndian(bytes) == XxHash3.HashToUInt64(bytes[8..])
        && BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) == Magic
            ? new PackHeader(
                Encoding.UTF8.GetString(bytes.Slice(40, BootIdBytesMax).TrimEnd((byte)0)),
                BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
                BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]),
                BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]))
            : null;
}
