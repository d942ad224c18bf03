using System;
using System.Globalization;
using System.IO;
using System.Linq;
using SafeStore.FileSystem;

namespace SafeStore.Cli.Repair;

/// <summary>USER[:GROUP], names or numbers; names are those of passwd(5) and group(5).</summary>
internal static class OwnerText
{
    /// <summary>Why a text names no owner; null if it does.</summary>
    public static string? FindFault(string text)
    {
        string[] parts = text.Split(':');
        return parts.Length > 2 || parts.Any(string.IsNullOrEmpty) ? $"'{text}' is not USER or USER:GROUP."
            : NumberOf("/etc/passwd", parts[0]) is null ? $"There is no user '{parts[0]}' in /etc/passwd; its number will do."
            : parts.Length == 2 && NumberOf("/etc/group", parts[1]) is null
                ? $"There is no group '{parts[1]}' in /etc/group; its number will do."
            : parts.Length == 1 && GroupOf(parts[0]) is null ? $"The user '{text}' is not in /etc/passwd: say its group too, USER:GROUP."
            : null;
    }

    /// <summary>The owner that a text without fault names.</summary>
    public static FileOwner Parse(string text)
    {
        string[] parts = text.Split(':');
        uint? group = parts.Length == 2 ? NumberOf("/etc/group", parts[1]) : GroupOf(parts[0]);
        return new FileOwner(NumberOf("/etc/passwd", parts[0])!.Value, group!.Value);
    }

    private static uint? NumberOf(string file, string name) =>
        Number(name) ?? (FindLine(file, fields => fields[0] == name) is { } line ? Number(line[2]) : null);

    /// <summary>A user's own group.</summary>
    private static uint? GroupOf(string user) =>
        FindLine("/etc/passwd", fields => fields[0] == user || fields[2] == user) is [_, _, _, { } group, ..] ? Number(group) : null;

    private static string[]? FindLine(string file, Func<string[], bool> isWanted)
    {
        try
        {
            return File.ReadLines(file).Select(static line => line.Split(':'))
                .FirstOrDefault(fields => fields.Length > 2 && isWanted(fields));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null; // a number needs no such file
        }
    }

    private static uint? Number(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number != uint.MaxValue ? number : null;
}
