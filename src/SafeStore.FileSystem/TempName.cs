using System;
using System.Threading;

namespace SafeStore.FileSystem;

/// <summary>
/// Names that only SafeStore gives: <c>.ss-(16 hex digits).tmp</c> for a temp file beside its target, <c>(id).(16 hex digits)</c> for a
/// directory under stage/ or trash/, with sixteen zeros for a whole new sandbox. Neither is a valid id; whatever else lies around belongs
/// to others and is never removed.
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

    public static string NewDirectory(NameSource names, string sandbox) => $"{sandbox}.{names.Next():x16}";

    /// <summary>
    /// Where a new sandbox is built. Always the same name: the holder of the sandbox's name lock finds it taken only if a creation before
    /// has not come to its end, and no directory has to be listed to learn that.
    /// </summary>
    public static string NewSandbox(string sandbox) => $"{sandbox}.0000000000000000";

    public static bool IsDirectoryOf(string sandbox, string name) =>
        name.Length == sandbox.Length + 1 + Digits
        && name.StartsWith(sandbox, StringComparison.Ordinal)
        && name[sandbox.Length] == '.'
        && AreDigits(name.AsSpan(sandbox.Length + 1));

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

/// <summary>
/// A few random names in turn, for the temp files of one store object. The kernel finds them again in its cache of names; of fresh ones
/// each would leave an entry there that says "not here", until memory runs short. Random, so that two processes never share one: a process
/// that lost its lock, because the lock file was removed, must not publish, or remove, what another has staged.
/// </summary>
internal sealed class TempNameRing
{
    private const int Count = 8;

    private readonly string[] _ring = new string[Count];
    private int _last;

    public TempNameRing(IDurableFileSystem fs)
    {
        var names = new NameSource(fs);
        for (int i = 0; i < Count; i++)
        {
            _ring[i] = TempName.NewFile(names);
        }
    }

    /// <summary>The next name; it may be taken by another document of the same transaction, if that has many.</summary>
    public string Next() => _ring[(uint)Interlocked.Increment(ref _last) % Count];
}
