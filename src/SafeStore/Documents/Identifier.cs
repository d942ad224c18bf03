using System;
using System.Buffers;

namespace SafeStore.Documents;

/// <summary>
/// What may name a sandbox, a container or a document: 1 to 128 ASCII characters, <c>[A-Za-z0-9][A-Za-z0-9_.-]*</c>. Checked before any
/// path is formed, so that no path can leave its root. Names that begin with a dot are SafeStore's own (metadata, temp files).
/// </summary>
internal static class Identifier
{
    public const int CharactersMax = 128;
    public const string LockFile = "lock";

    private static readonly SearchValues<char> s_allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");

    public static bool IsValid(ReadOnlySpan<char> value) =>
        value.Length is > 0 and <= CharactersMax && char.IsAsciiLetterOrDigit(value[0]) && !value.ContainsAnyExcept(s_allowed);

    public static string CheckSandbox(string sandbox, string parameter) => Check(sandbox, "sandbox id", parameter);

    public static string CheckContainer(string container, string parameter) =>
        Check(container, "container id", parameter) == LockFile ? throw Taken("container id", parameter) : container;

    public static string CheckFile(string file, string parameter) =>
        Check(file, "document name", parameter) == LockFile ? throw Taken("document name", parameter) : file;

    private static string Check(string value, string what, string parameter)
    {
        ArgumentNullException.ThrowIfNull(value, parameter);
        return IsValid(value)
            ? value
            : throw new ArgumentException(
                $"A {what} must have 1 to {CharactersMax} characters, the first a letter or digit, the others letters, digits, '_', '.' or '-' "
                + $"(ASCII only); '{Printable(value)}' is refused.",
                parameter);
    }

    private static ArgumentException Taken(string what, string parameter) =>
        new($"'{LockFile}' is the name of every sandbox's lock file and cannot be a {what}.", parameter);

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
