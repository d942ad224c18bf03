using System;
using System.Buffers.Binary;
using System.IO.Hashing;

namespace SafeStore.Fuzzing.Targets;

/// <summary>Checksums of what docs/file-format.md describes.</summary>
internal static class Seals
{
    private const ulong Segment = 0x314745534F545353;
    private const ulong Record = 0x314345524F545353;
    private const ulong Parked = 0x314B52504F545353;

    public static void None(byte[] input)
    {
    }

    /// <summary>The header, and each record where a batch or the record before may end; each links to the one before.</summary>
    public static void Log(byte[] input)
    {
        const int header = 120;
        if (input.Length < 4096 + 64)
        {
            return;
        }

        Put(input, 8, Segment);
        Put(input, 0, XxHash3.HashToUInt64(input.AsSpan(8, header - 8)));
        ulong salt = Get(input, 24);
        ulong before = Get(input, 40);
        for (int at = 4096; at + 64 <= input.Length;)
        {
            int payload = BinaryPrimitives.ReadInt32LittleEndian(input.AsSpan(at + 48));
            if (Get(input, at + 8) != Record || payload < 0 || payload > input.Length - at - 64)
            {
                at = (at + 4096) & -4096;
                continue;
            }

            Put(input, at + 16, salt);
            Put(input, at + 40, before);
            before = XxHash3.HashToUInt64(input.AsSpan(at + 8, 56 + payload));
            Put(input, at, before);
            at += (64 + payload + 7) & -8;
        }
    }

    public static void ParkedRecords(byte[] input)
    {
        ulong before = 0;
        for (int at = 0; at + 72 <= input.Length;)
        {
            int payload = BinaryPrimitives.ReadInt32LittleEndian(input.AsSpan(at + 64));
            payload = payload < 0 || payload > input.Length - at - 72 ? input.Length - at - 72 : payload;
            BinaryPrimitives.WriteInt32LittleEndian(input.AsSpan(at + 64), payload);
            Put(input, at + 8, Parked);
            Put(input, at + 16, before);
            before = XxHash3.HashToUInt64(input.AsSpan(at + 8, 64 + payload));
            Put(input, at, before);
            at += 72 + payload;
        }
    }

    public static void Watermark(byte[] input)
    {
        if (input.Length >= 88)
        {
            int size = BinaryPrimitives.ReadInt32LittleEndian(input.AsSpan(16));
            size = size < 88 || size > input.Length ? 88 : size;
            BinaryPrimitives.WriteInt32LittleEndian(input.AsSpan(16), size);
            Put(input, 0, XxHash3.HashToUInt64(input.AsSpan(8, size - 8)));
        }
    }

    public static void LockWord(byte[] input)
    {
        if (input.Length >= 40)
        {
            Put(input, 0, XxHash3.HashToUInt64(input.AsSpan(8, 32)));
        }
    }

    private static ulong Get(byte[] input, int at) => BinaryPrimitives.ReadUInt64LittleEndian(input.AsSpan(at));

    private static void Put(byte[] input, int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(input.AsSpan(at), value);
}
