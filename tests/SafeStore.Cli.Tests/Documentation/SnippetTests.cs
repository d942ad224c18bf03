using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using SafeStore.Documentation;
using Xunit;

namespace SafeStore.Cli.Tests.Documentation;

/// <summary>What README and docs show compiles, runs, or at least names what exists.</summary>
public sealed partial class SnippetTests
{
    /// <summary>csharp is compiled, sh is run, console only shows; text is output or a layout, mermaid a diagram.</summary>
    private static readonly HashSet<string> Languages = new(StringComparer.Ordinal)
        { "csharp", "sh", "console", "json", "text", "mermaid" };

    /// <summary>Pages whose blocks are whole programs and steps of one walk: <see cref="WalkthroughTests"/>.</summary>
    private static readonly HashSet<string> Walks = new(StringComparer.Ordinal) { "README.md", "docs/tutorial.md" };

    public static TheoryData<string, int> CSharp => Of("csharp");

    public static TheoryData<string, int> Shell => Of("sh");

    public static TheoryData<string, int> Shown => Of("console");

    [Fact]
    public void Every_block_says_what_it_is() =>
        Assert.Empty(Snippet.All.Where(static snippet => !Languages.Contains(snippet.Language))
            .Select(static snippet => $"{snippet.Page}:{snippet.Line}"));

    [Theory]
    [MemberData(nameof(CSharp))]
    public void A_block_of_CSharp_compiles(string page, int line) => Assert.Empty(CSharpSnippet.ErrorsOf(Snippet.At(page, line)));

    [Theory]
    [MemberData(nameof(Shell))]
    public async Task A_block_of_shell_runs(string page, int line)
    {
        Snippet snippet = Snippet.At(page, line);
        ShellResult result = await ShellSnippet.RunAsync(snippet);

        Assert.True(result.Code == 0, $"{page}:{line} ended with {result.Code}\n{result.Output}\n{result.Errors}");
        if (snippet.Output is not null)
        {
            AssertPrints(snippet, result.Output);
        }
    }

    internal static void AssertPrints(Snippet snippet, string output)
    {
        string pattern = (@"\n" + Regex.Escape(snippet.Output!)).Replace(@"\n\.\.\.\n", @"\n(.*\n)*", StringComparison.Ordinal);
        pattern = pattern.EndsWith(@"\n\.\.\.", StringComparison.Ordinal) ? pattern[..^8] + @"\n(.*\n)*" : pattern;
        Assert.Matches("^" + pattern[2..].Replace(@"\.\.\.", ".*", StringComparison.Ordinal) + "\n*$", output);
    }

    [Theory]
    [MemberData(nameof(Shown))]
    public void The_files_of_this_repository_that_a_shown_command_names_exist(string page, int line) =>
        Assert.All(
            RepositoryFile().Matches(Snippet.At(page, line).Text).Select(static match => match.Value),
            path => Assert.True(Path.Exists(Path.Combine(Repository.Root, path)), $"{page}:{line} names {path}"));

    [Theory]
    [MemberData(nameof(Shown))]
    public async Task The_options_of_the_tool_in_a_shown_command_exist(string page, int line)
    {
        foreach (Match command in ToolCommand().Matches(Snippet.At(page, line).Text.Replace("\\\n", " ", StringComparison.Ordinal)))
        {
            ToolResult help = await ToolProcess.RunAsync([command.Groups["verb"].Value, "--help"]);
            string text = string.Join('\n', help.Lines);
            Assert.True(help.Code == 0, $"{page}:{line}: {command.Value}\n{help.Errors}");
            Assert.All(
                Option().Matches(command.Value).Select(static match => match.Value),
                option => Assert.True(
                    Regex.IsMatch(text, Regex.Escape(option) + @"\b"), $"{page}:{line}: {command.Value}: there is no {option}"));
        }
    }

    private static TheoryData<string, int> Of(string language)
    {
        var blocks = new TheoryData<string, int>();
        foreach (Snippet snippet in Snippet.All.Where(snippet =>
            snippet.Language == language && (language == "console" || !Walks.Contains(snippet.Page))))
        {
            blocks.Add(snippet.Page, snippet.Line);
        }

        return blocks;
    }

    [GeneratedRegex(@"\b(?:src|samples|tests|property-tests|docs)/[A-Za-z0-9_./-]*[A-Za-z0-9]")]
    private static partial Regex RepositoryFile();

    [GeneratedRegex(@"(?:\bsafestore|SafeStore\.Cli --) (?<verb>[a-z]+)[^\n|#]*")]
    private static partial Regex ToolCommand();

    [GeneratedRegex(@"(?<=\s)--[a-z][a-z-]*")]
    private static partial Regex Option();
}
