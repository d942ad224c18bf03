using System;

namespace SafeStore.FileSystem;

/// <summary>
/// Names that only SafeStore gives: <c>.ss-(16 hex digits).tmp</c> for a temp file beside its target, <c>(id).(16 hex digits)</c> for a
/// directory under stage/ or trash/. Neither is a valid id; whatever else lies around belongs to others and is never removed.
/// </summary>
internal static class TempName
{
    private const string Prefix = ".ss-";
    private const string Suffix = ".tmp";
    private const int Digits = 16;

    public static string NewFile(IDurableFileSystem fs) => Prefix + RandomDigits(fs) + Suffix;

    public static bool IsFile(string name) =>
        name.Length == Prefix.Length + Digits + Suffix.Length
        && name.StartsWith(Prefix, StringComparison.Ordinal)
        && name.EndsWith(Suffix, StringComparison.Ordinal)
        && AreDigits(name.AsSpan(Prefix.Length, Digits));

    public static string NewDirectory(IDurableFileSystem fs, string sandbox) => $"{sandbox}.{RandomDigits(fs)}";

    public static bool IsDirectoryOf(string sandbox, string name) =>
        name.Length == sandbox.Length + 1 + Digits
        && name.StartsWith(sandbox, StringComparison.Ordinal)
        && name[sandbox.Length] == '.'
        && AreDigits(name.AsSpan(sandbox.Length + 1));

    private static string RandomDigits(IDurableFileSystem fs)
    {
        Span<byte> random = stackalloc byte[Digits / 2];
        fs.FillRandom(random);
        return Convert.ToHexStringLower(random);
    }

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
