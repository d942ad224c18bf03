using System;
using System.Globalization;
using System.Text;

namespace SafeStore.Configuration;

/// <summary>
/// The document of a section. Sections are the same whatever the case of their letters, so the letters A to Z are written small; digits and
/// '-' stand for themselves, '.' for ':', and every other UTF-16 code unit, as a capital, is '_' and its four hexadecimal digits:
/// <c>a:b/c</c> is <c>section.a.b_002fc.json</c>. Sections that are the same have the same name, others have others.
/// </summary>
internal static class SectionName
{
    private const string Prefix = "section.";
    private const string Suffix = ".json";
    private const int CharactersMax = 128;

    /// <exception cref="ArgumentException">It is empty, or too long for a document's name.</exception>
    public static string ToFile(string section)
    {
        ArgumentException.ThrowIfNullOrEmpty(section);
        var name = new StringBuilder(Prefix);
        foreach (char unit in section.ToUpperInvariant())
        {
            _ = unit is ':' ? name.Append('.')
                : unit is '-' || char.IsAsciiLetterOrDigit(unit) ? name.Append(char.ToLowerInvariant(unit))
                : name.Append(CultureInfo.InvariantCulture, $"_{(int)unit:x4}");
        }

        name.Append(Suffix);
        return name.Length <= CharactersMax ? name.ToString() : throw new ArgumentException(
            $"The section '{section}' is too long: the name of its document would have {name.Length} characters, and {CharactersMax} are "
            + "allowed. Each that is no letter, digit, '-' or ':' counts as five.", nameof(section));
    }

    /// <summary>The section, in small letters; null if the document is none of a section.</summary>
    public static string? TryRead(string file)
    {
        if (!file.StartsWith(Prefix, StringComparison.Ordinal) || !file.EndsWith(Suffix, StringComparison.Ordinal)
            || file.Length <= Prefix.Length + Suffix.Length)
        {
            return null;
        }

        var section = new StringBuilder();
        ReadOnlySpan<char> rest = file.AsSpan(Prefix.Length, file.Length - Prefix.Length - Suffix.Length);
        for (; !rest.IsEmpty; rest = rest[(rest[0] == '_' ? 5 : 1)..])
        {
            if (rest[0] != '_')
            {
                section.Append(rest[0] == '.' ? ':' : rest[0]);
            }
            else if (rest.Length >= 5
                && ushort.TryParse(rest[1..5], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit))
            {
                section.Append((char)unit);
            }
            else
            {
                return null;
            }
        }

        return section.ToString() is var read && ToFile(read) == file ? read : null;
    }
}
