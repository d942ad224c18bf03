using System;

namespace SafeStore.Vocabulary;

/// <summary>
/// What may name a sandbox, a container or a document: 1 to 128 ASCII characters, <c>[A-Za-z0-9][A-Za-z0-9_.-]*</c>. Checked before any
/// path is formed, so that no path can leave its root. Names that begin with a dot are SafeStore's own (metadata, temp files).
/// </summary>
internal static class Identifier
{
    public const int CharactersMax = 128;
    public const string LockFile = "lock";

    /// <summary>A sandbox's directory for files that are no documents: neither a container nor touched by transactions.</summary>
    public const string TempDirectory = "tempDir";

    // One by one: names are short, and the vectorised search is compiled in each fresh process, which costs more than it ever saves.
    public static bool IsValid(ReadOnlySpan<char> value)
    {
        if (value.Length is 0 or > CharactersMax || !char.IsAsciiLetterOrDigit(value[0]))
        {
            return false;
        }

        foreach (char character in value)
        {
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('_' or '.' or '-'))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a name in a sandbox's directory may be a document's or a container's.</summary>
    public static bool IsFree(string value) => IsValid(value) && !IsTaken(value);

    public static string CheckSandbox(string sandbox, string parameter) => Check(sandbox, "sandbox id", parameter);

    public static string CheckContainer(string container, string parameter) =>
        IsTaken(Check(container, "container id", parameter)) ? throw Taken(container, "container id", parameter) : container;

    public static string CheckFile(string file, string parameter) =>
        IsTaken(Check(file, "document name", parameter)) ? throw Taken(file, "document name", parameter) : file;

    private static bool IsTaken(string value) => value is LockFile or TempDirectory;

    private static string Check(string value, string what, string parameter)
    {
        ArgumentNullException.ThrowIfNull(value, parameter);
        return IsValid(value)
            ? value
            : throw new ArgumentException(
                $"A {what} must have 1 to {CharactersMax} characters, the first a letter or digit, the others letters, digits, '_', '.' "
                + $"or '-' "
                + $"(ASCII only); '{Printable(value)}' is refused.",
                parameter);
    }

    private static ArgumentException Taken(string value, string what, string parameter) =>
        new($"'{value}' is the name of every sandbox's {(value == LockFile ? "lock file" : "directory for temp files")} and cannot be a "
            + $"{what}.", parameter);

    private static string Printable(string value)
    {
        ReadOnlySpan<char> head = value.AsSpan(0, Math.Min(value.Length, CharactersMax));
        return string.Create(head.Length, value, static (target, source) =>
        {
            for (int i = 0; i < target.Length; i++)
            {
                target[i] = source[i] is >= ' ' and <= '~' ? source[i] : '?';
            }
        });
    }
}
