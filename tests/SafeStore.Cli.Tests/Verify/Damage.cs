using System;
using System.Globalization;
using System.IO;
using System.Linq;

namespace SafeStore.Cli.Tests.Verify;

/// <summary>Something that may become of a file.</summary>
internal sealed record Damage(string What, byte[]? Bytes, bool IsSwap = false)
{
    private const int Kinds = 8;
    private const int KindsThatKeep = 7;

    /// <summary>Most files have their content at their start: half of all damage is there. Each changes something.</summary>
    /// <param name="random">Chooses.</param>
    /// <param name="good">What the file has.</param>
    /// <param name="other">What another file has.</param>
    /// <param name="isKept">Whether the file may not be deleted.</param>
    public static Damage Of(Random random, byte[] good, byte[] other, bool isKept = false)
    {
        Damage damage = DrawOf(random, good, other, isKept);
        return damage.Bytes is { } bytes && bytes.AsSpan().SequenceEqual(good) ? Of(random, good, other, isKept) : damage;
    }

    /// <summary>In place and of the old time, as a disk does it; what is deleted is kept aside, with its mode and attributes.</summary>
    public void Apply(string path, string aside)
    {
        if (Bytes is null)
        {
            File.Move(path, aside);
        }
        else
        {
            Write(path, Bytes);
        }
    }

    public static void Write(string path, byte[] bytes)
    {
        DateTime time = File.GetLastWriteTimeUtc(path);
        File.WriteAllBytes(path, bytes);
        File.SetLastWriteTimeUtc(path, time);
    }

    public void Undo(string path, string aside, byte[] good)
    {
        if (Bytes is null)
        {
            File.Move(aside, path);
        }
        else
        {
            Write(path, good);
        }
    }

    private static Damage DrawOf(Random random, byte[] good, byte[] other, bool isKept)
    {
        int size = random.Next(2) == 0 ? good.Length : Math.Min(good.Length, 1 << random.Next(3, 14));
        int at = random.Next(Math.Max(1, size));
        int length = Math.Min(good.Length - at, 1 << random.Next(13));
        return random.Next(isKept ? KindsThatKeep : Kinds) switch
        {
            0 or 1 => Flipped(good, at, random.Next(8)),
            2 => new Damage($"cut off at {at}", good[..at]),
            3 => Filled(good, at, length, "zeros", static _ => { }),
            4 => Filled(good, at, length, "garbage", random.NextBytes),
            5 => new Damage("swapped", other, IsSwap: true),
            6 => new Damage("a copy of the other", other),
            _ => new Damage("deleted", null),
        };
    }

    private static Damage Flipped(byte[] good, int at, int bit)
    {
        byte[] bytes = [.. good];
        bytes[at] ^= (byte)(1 << bit);
        return new Damage(string.Create(CultureInfo.InvariantCulture, $"bit {bit} of byte {at} flipped"), bytes);
    }

    private static Damage Filled(byte[] good, int at, int length, string what, Action<byte[]> fill)
    {
        byte[] part = new byte[length];
        fill(part);
        return new Damage($"{what} from {at} for {length}", [.. good.Take(at), .. part, .. good.Skip(at + length)]);
    }
}
