using System;
using System.Collections.Generic;
using System.Text;
using System.Text.RegularExpressions;

namespace SafeStore.Tests.House;

/// <summary>A C# source, and its code without comments and texts, line for line.</summary>
internal sealed partial class SourceFile
{
    private string? _code;

    public SourceFile(string path)
    {
        Path = path;
        Text = Repository.ReadText(path);
        Lines = Text.TrimEnd('\n').Split('\n');
    }

    /// <summary>Relative to the repository's root.</summary>
    public string Path { get; }

    public string Text { get; }

    public IReadOnlyList<string> Lines { get; }

    /// <summary>The text with comments and the content of string and character literals blanked.</summary>
    public string Code => _code ??= Blank(Text);

    /// <summary>The folder below the project's, "" at its top.</summary>
    public string Room => Path.Split('/') is { Length: > 3 } parts ? parts[2] : "";

    /// <summary>The types that the file declares.</summary>
    public IEnumerable<string> Types
    {
        get
        {
            foreach (Match match in Declaration().Matches(Code))
            {
                yield return match.Groups[1].Value;
            }
        }
    }

    /// <summary>Each constructor, and each primary constructor of a class, struct or record, with the number of its parameters.</summary>
    public IEnumerable<(string Name, int Parameters)> Constructors
    {
        get
        {
            foreach (string type in Types)
            {
                foreach (Match match in Regex.Matches(
                    Code, $@"(?:(?:class|struct|record)\s+|(?:public|internal|protected|private)\s+){type}(?:<[^>(]*>)?\s*\("))
                {
                    yield return (type, CountParameters(match.Index + match.Length));
                }
            }
        }
    }

    /// <summary>Whether a line lies in a raw string literal, whose text cannot be wrapped.</summary>
    public bool IsInRawText(int line)
    {
        int quotes = 0;
        for (int i = 0; i <= line; i++)
        {
            int inLine = RawQuotes().Count(Lines[i]);
            if (i == line)
            {
                return inLine > 0 || quotes % 2 == 1;
            }

            quotes += inLine;
        }

        return false;
    }

    private int CountParameters(int start)
    {
        int depth = 0;
        int commas = 0;
        bool any = false;
        for (int i = start; i < Code.Length; i++)
        {
            char c = Code[i];
            if (depth == 0 && c == ')')
            {
                break;
            }

            depth += "([{<".Contains(c, StringComparison.Ordinal) ? 1 : ")]}>".Contains(c, StringComparison.Ordinal) ? -1 : 0;
            commas += depth == 0 && c == ',' ? 1 : 0;
            any |= !char.IsWhiteSpace(c);
        }

        return any ? commas + 1 : 0;
    }

    private static string Blank(string text)
    {
        var code = new StringBuilder(text.Length);
        int at = 0;
        foreach (Match match in CommentOrText().Matches(text))
        {
            code.Append(text, at, match.Index - at);
            foreach (char c in match.Value)
            {
                code.Append(c == '\n' ? '\n' : ' ');
            }

            at = match.Index + match.Length;
        }

        return code.Append(text, at, text.Length - at).ToString();
    }

    [GeneratedRegex("""//[^\n]*|/\*.*?\*/|"{3}.*?"{3}|@"(?:[^"]|"")*"|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.[^'\n]*)'""", RegexOptions.Singleline)]
    private static partial Regex CommentOrText();

    [GeneratedRegex(@"\b(?:class|struct|record struct|record|interface|enum)\s+([A-Z]\w*)")]
    private static partial Regex Declaration();

    [GeneratedRegex("\"{3,}")]
    private static partial Regex RawQuotes();
}
