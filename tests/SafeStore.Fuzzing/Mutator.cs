using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;

namespace SafeStore.Fuzzing;

/// <summary>Changes bytes as bytes, as numbers, and as JSON.</summary>
internal sealed class Mutator(Random random)
{
    private const int LengthMax = 64 * 1024;

    private static readonly long[] s_numbers =
    [
        0, 1, -1, 2, 7, 8, 64, 127, 128, 255, 256, 4095, 4096, 4097, 65535, 65536, 1 << 20, 1 << 30, int.MaxValue, int.MinValue,
        uint.MaxValue, 1L << 40, 1L << 62, long.MaxValue, long.MinValue, long.MaxValue - 4095,
    ];

    private static readonly byte[][] s_tokens =
        Array.ConvertAll(
            new[]
            {
                "{", "}", "[", "]", ",", ":", "\"", "null", "true", "-1", "1e999", "9223372036854775808", "\\u0000", "\\ud800", "\uFEFF",
                "\"format\":2", "\"format\":3", "\"\":", "[[[[[[[[", "../", "\0", ".safestore", "tempDir", "lock", "\"sandbox\":null",
            },
            Encoding.UTF8.GetBytes);

    public byte[] Mutate(byte[] input, IReadOnlyList<byte[]> others)
    {
        byte[] bytes = (byte[])input.Clone();
        for (int left = 1 + random.Next(random.Next(1, 8)); left > 0; left--)
        {
            bytes = bytes.Length == 0 ? Pick(s_tokens) : Once(bytes, others);
        }

        return bytes.Length > LengthMax ? bytes[..LengthMax] : bytes;
    }

    private byte[] Once(byte[] bytes, IReadOnlyList<byte[]> others)
    {
        int at = Position(bytes);
        switch (random.Next(10))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 1:
                bytes[at] = (byte)random.Next(256);
                return bytes;
            case 2:
            case 3:
                PutNumber(bytes, at & -(1 << random.Next(4)), Pick(s_numbers) + random.Next(-1, 2));
                return bytes;
            case 4:
                AddToNumber(bytes, at & -4, random.Next(-16, 17));
                return bytes;
            case 5:
                return Splice(bytes, at, random.Next(Math.Min(64, bytes.Length - at) + 1), []);
            case 6:
                return Splice(bytes, at, 0, Pick(s_tokens));
            case 7:
                return Splice(bytes, at, random.Next(Math.Min(8, bytes.Length - at) + 1), Part(bytes));
            case 8:
                byte[] part = Part(Pick(others));
                part.AsSpan(0, Math.Min(part.Length, bytes.Length - at)).CopyTo(bytes.AsSpan(at));
                return bytes;
            default:
                return random.Next(4) == 0 ? bytes[..at] : bytes;
        }
    }

    /// <summary>Mostly where something is: files of a store are zeros for the greatest part.</summary>
    private int Position(byte[] bytes)
    {
        int at = random.Next(bytes.Length);
        for (int tries = 0; tries < 64 && bytes[at] == 0; tries++)
        {
            at = random.Next(3) == 0 ? random.Next(Math.Min(bytes.Length, 256)) : random.Next(bytes.Length);
        }

        return at;
    }

    private void PutNumber(byte[] bytes, int at, long value)
    {
        Span<byte> eight = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(eight, value);
        int size = Math.Min(1 << random.Next(4), bytes.Length - at);
        eight[..size].CopyTo(bytes.AsSpan(at));
    }

    private static void AddToNumber(byte[] bytes, int at, int delta)
    {
        if (at + 4 <= bytes.Length)
        {
            Span<byte> number = bytes.AsSpan(at, 4);
            BinaryPrimitives.WriteInt32LittleEndian(number, BinaryPrimitives.ReadInt32LittleEndian(number) + delta);
        }
    }

    private byte[] Part(byte[] bytes)
    {
        if (bytes.Length == 0)
        {
            return bytes;
        }

        int from = Position(bytes);
        return bytes[from..(from + random.Next(Math.Min(256, bytes.Length - from)) + 1)];
    }

    private static byte[] Splice(byte[] bytes, int at, int removed, byte[] inserted) =>
        [.. bytes[..at], .. inserted, .. bytes[(at + removed)..]];

    private T Pick<T>(IReadOnlyList<T> from) => from[random.Next(from.Count)];
}
