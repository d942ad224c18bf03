using System;
using System.Threading;

namespace SafeStore.FileSystem;

/// <summary>
/// The names of files that are being made beside their target, <c>.ss-(16 hex digits).tmp</c>, which only SafeStore gives: no valid id, and
/// whatever else lies around belongs to others and is never removed.
/// </summary>
internal static class TempName
{
    private const string Prefix = ".ss-";
    private const string Suffix = ".tmp";
    private const int Digits = 16;

    public static string NewFile(NameSource names) => $"{Prefix}{names.Next():x16}{Suffix}";

    public static bool IsFile(string name) =>
        name.Length == Prefix.Length + Digits + Suffix.Length
        && name.StartsWith(Prefix, StringComparison.Ordinal)
        && name.EndsWith(Suffix, StringComparison.Ordinal)
        && AreDigits(name.AsSpan(Prefix.Length, Digits));

    private static bool AreDigits(ReadOnlySpan<char> text)
    {
        foreach (char character in text)
        {
            if (!char.IsAsciiHexDigitLower(character))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>
/// Numbers for names, none of them twice: a random start that no other process guesses, then SplitMix64 (Steele et al., 2014), which
/// visits each 64-bit number once. Cheaper than a call for random bytes per name.
/// </summary>
internal sealed class NameSource
{
    private ulong _state;

    public NameSource(IDurableFileSystem fs)
    {
        Span<byte> seed = stackalloc byte[sizeof(ulong)];
        fs.FillRandom(seed);
        _state = BitConverter.ToUInt64(seed);
    }

    public ulong Next()
    {
        ulong mixed = Interlocked.Add(ref _state, 0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58_476D_1CE4_E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB;
        return mixed ^ (mixed >> 31);
    }
}
