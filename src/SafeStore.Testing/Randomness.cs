using System;

namespace SafeStore.Testing;

/// <summary>Numbers that look random and depend on their seed only (SplitMix64, Steele et al., 2014).</summary>
internal sealed class Randomness(ulong seed)
{
    private ulong _state = seed;

    public ulong Next() => Mix(_state += Step);

    private const ulong Step = 0x9E37_79B9_7F4A_7C15;

    /// <summary>A number from zero up to, but not with, a limit.</summary>
    public int Next(int limit) => (int)(((UInt128)Next() * (ulong)limit) >> 64);

    public bool Chance(double probability) => (Next() >> 11) * (1.0 / (1UL << 53)) < probability;

    public void Fill(Span<byte> bytes)
    {
        foreach (ref byte value in bytes)
        {
            value = (byte)Next();
        }
    }

    /// <summary>Another seed, made of several numbers.</summary>
    public static ulong Combine(ulong seed, ulong other) => Mix(seed ^ Mix(other + Step));

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }
}

/// <summary>What a sector holds that was never written out: whatever was there before.</summary>
internal static class Garbage
{
    public static void Fill(Span<byte> sector, ulong seed, long inode, long block) =>
        new Randomness(Randomness.Combine(Randomness.Combine(seed, (ulong)inode), (ulong)block)).Fill(sector);
}
