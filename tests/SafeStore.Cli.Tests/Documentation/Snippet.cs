using System;
using System.Collections.Generic;
using System.Linq;

namespace SafeStore.Documentation;

/// <summary>
/// A fenced block of a page. What it takes for granted stands in a hidden comment right before it, which begins with a line of
/// <c>&lt;!-- context</c>: statements and types for C#, commands for the shell.
/// </summary>
/// <param name="Page">The page, from the root.</param>
/// <param name="Line">Where it begins.</param>
/// <param name="Language">The fence's tag.</param>
/// <param name="Text">Its lines.</param>
/// <param name="Context">What it takes for granted.</param>
/// <param name="Output">What it prints: the block after it if that is text. Three dots stand for anything.</param>
internal sealed record Snippet(string Page, int Line, string Language, string Text, string Context, string? Output = null)
{
    private const string Fence = "```";
    private const string CommentStart = "<!-- context";
    private const string CommentEnd = "-->";

    public static IReadOnlyList<Snippet> All { get; } = [.. Repository.Pages.SelectMany(static page => WithOutput([.. In(page)]))];

    public static Snippet At(string page, int line) => All.Single(snippet => snippet.Page == page && snippet.Line == line);

    private static IEnumerable<Snippet> WithOutput(Snippet[] blocks) =>
        blocks.Select((block, index) => block.Language == "sh" && blocks.ElementAtOrDefault(index + 1) is { Language: "text" } output
            ? block with { Output = output.Text } : block);

    private static IEnumerable<Snippet> In(string page)
    {
        string[] lines = Repository.LinesOf(page);
        string context = "";
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith(CommentStart, StringComparison.Ordinal))
            {
                context = Between(lines, ref i, CommentEnd);
            }
            else if (lines[i].StartsWith(Fence, StringComparison.Ordinal))
            {
                (int first, string language) = (i + 1, lines[i][Fence.Length..]);
                yield return new Snippet(page, first, language, Between(lines, ref i, Fence), context);
                context = "";
            }
        }
    }

    /// <summary>The lines up to one that is <paramref name="end"/>, at which it stops.</summary>
    private static string Between(string[] lines, ref int at, string end)
    {
        int first = at + 1;
        at = Array.IndexOf(lines, end, first);
        if (at < 0)
        {
            throw new FormatException($"Line {first} begins a block that '{end}' does not end.");
        }

        return string.Join('\n', lines[first..at]);
    }
}
