using System;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO.Hashing;
using System.Text;
using SafeStore.Vocabulary;

namespace SafeStore.Log;

/// <summary>
/// The bytes of a watermark file (docs/file-format.md, "Watermark"): 88 bytes, then the parked entries. The checksum comes first and covers
/// everything after it that is used.
/// </summary>
internal static class WatermarkFormat
{
    private const ulong Magic = 0x324B_4D57_4F54_5353; // "SSTOWMK2"
    private const int FixedBytes = 88;
    private const int EntryBytes = 18; // and the sandbox's name

    public static int SizeOf(WatermarkState state)
    {
        int size = FixedBytes;
        foreach (ParkedEntry entry in state.Parked)
        {
            size += EntryBytes + entry.Sandbox.Length;
        }

        return size;
    }

    public static byte[] Encode(long sequence, WatermarkState state)
    {
        int size = SizeOf(state);
        byte[] bytes = new byte[RecordFormat.AlignUp(size, RecordFormat.BlockBytes)];
        Span<byte> span = bytes;
        BinaryPrimitives.WriteUInt64LittleEndian(span[8..], Magic);
        BinaryPrimitives.WriteInt32LittleEndian(span[16..], size);
        BinaryPrimitives.WriteInt32LittleEndian(span[20..], state.Parked.Length);
        BinaryPrimitives.WriteInt64LittleEndian(span[24..], sequence);
        BinaryPrimitives.WriteInt64LittleEndian(span[32..], state.Lsn.Value);
        Write(span[40..], state.Life);
        Write(span[64..], state.PendingLife ?? default);
        Span<byte> rest = span[FixedBytes..];
        foreach (ParkedEntry entry in state.Parked)
        {
            BinaryPrimitives.WriteInt64LittleEndian(rest, entry.Last.Value);
            BinaryPrimitives.WriteUInt64LittleEndian(rest[8..], entry.Checksum);
            BinaryPrimitives.WriteUInt16LittleEndian(rest[16..], (ushort)entry.Sandbox.Length);
            _ = Encoding.ASCII.GetBytes(entry.Sandbox, rest[EntryBytes..]);
            rest = rest[(EntryBytes + entry.Sandbox.Length)..];
        }

        BinaryPrimitives.WriteUInt64LittleEndian(span, XxHash3.HashToUInt64(span[8..size]));
        return bytes;
    }

    /// <summary>The sequence and the state; null if these bytes are not what was written.</summary>
    public static (long Sequence, WatermarkState State)? TryDecode(ReadOnlySpan<byte> bytes)
    {
        int size = bytes.Length < FixedBytes ? 0 : BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]);
        if (size < FixedBytes || size > bytes.Length || BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) != Magic
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != XxHash3.HashToUInt64(bytes[8..size]))
        {
            return null;
        }

        if (TryReadParked(bytes[FixedBytes..size], BinaryPrimitives.ReadInt32LittleEndian(bytes[20..])) is not { } parked)
        {
            return null;
        }

        LifeId pending = ReadLife(bytes[64..]);
        var state = new WatermarkState(
            new Lsn(BinaryPrimitives.ReadInt64LittleEndian(bytes[32..])), ReadLife(bytes[40..]), pending == default ? null : pending,
            parked);
        return (BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]), state);
    }

    /// <summary>Null if there are not so many. A path is formed of each name, so it is checked like an argument.</summary>
    private static ImmutableArray<ParkedEntry>? TryReadParked(ReadOnlySpan<byte> rest, int count)
    {
        ImmutableArray<ParkedEntry>.Builder parked = ImmutableArray.CreateBuilder<ParkedEntry>();
        while (parked.Count < count)
        {
            int name = rest.Length < EntryBytes ? int.MaxValue : BinaryPrimitives.ReadUInt16LittleEndian(rest[16..]);
            string sandbox = name > rest.Length - EntryBytes ? "" : Encoding.ASCII.GetString(rest.Slice(EntryBytes, name));
            if (!Identifier.IsValid(sandbox))
            {
                return null;
            }

            parked.Add(new ParkedEntry(
                sandbox, new Lsn(BinaryPrimitives.ReadInt64LittleEndian(rest)), BinaryPrimitives.ReadUInt64LittleEndian(rest[8..])));
            rest = rest[(EntryBytes + name)..];
        }

        return count < 0 || !rest.IsEmpty ? null : parked.ToImmutable();
    }

    private static void Write(Span<byte> target, LifeId life)
    {
        BinaryPrimitives.WriteInt64LittleEndian(target, life.Number);
        _ = life.Id.TryWriteBytes(target[8..], bigEndian: true, out _);
    }

    private static LifeId ReadLife(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadInt64LittleEndian(bytes), new Guid(bytes[8..24], bigEndian: true));
}
