using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.Documentation;
using Xunit;

namespace SafeStore.Cli.Tests.Documentation;

/// <summary>
/// A page that is followed from its beginning to its end: its shell blocks run in order in one shell, and what it shows as C# is the
/// project's Program.cs from there on. The shell's <c>dotnet new</c> and <c>dotnet add</c> do nothing but make the directory; its
/// <c>dotnet build</c> gives the program that was compiled here. All else is what a reader runs.
/// </summary>
internal static class Walkthrough
{
    private const string Mark = "--- end of the block of line ";

    private const string Dotnet = """
        #!/bin/sh
        case $1 in
            new) mkdir -p "$4" ;;
            add) ;;
            build) cp -r "$PROGRAMS/$program" "$3" ;;
            *) PATH=${PATH#*:} exec dotnet "$@" ;;
        esac
        """;

    public static async Task FollowAsync(string page)
    {
        DirectoryInfo work = Directory.CreateTempSubdirectory("safestore-walkthrough-");
        try
        {
            string programs = work.CreateSubdirectory("programs").FullName;
            Snippet[] blocks = [.. Snippet.All.Where(snippet => snippet.Page == page)];
            var script = new StringBuilder();
            foreach (Snippet block in blocks)
            {
                if (block.Language == "csharp")
                {
                    CSharpProgram.Build(block.Text, "first", Path.Combine(programs, $"{block.Line}"));
                    script.AppendLine($"export program={block.Line}");
                }
                else if (block.Language == "sh")
                {
                    script.AppendLine(block.Text).AppendLine($"echo '{Mark}{block.Line}'");
                }
            }

            ShellResult result = await RunAsync(work, programs, script.ToString());

            Assert.True(result.Code == 0, $"{page} ended with {result.Code}\n{result.Output}\n{result.Errors}");
            foreach (Snippet block in blocks.Where(static block => block.Output is not null))
            {
                SnippetTests.AssertPrints(block, OutputOf(block, result.Output));
            }
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    private static async Task<ShellResult> RunAsync(DirectoryInfo work, string programs, string script)
    {
        string dotnet = Path.Combine(work.CreateSubdirectory("tools").FullName, "dotnet");
        await File.WriteAllTextAsync(dotnet, Dotnet);
        File.SetUnixFileMode(dotnet, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return await ShellSnippet.RunAsync(work, script, new Dictionary<string, string> { ["PROGRAMS"] = programs });
    }

    private static string OutputOf(Snippet block, string output)
    {
        string before = output[..output.IndexOf($"{Mark}{block.Line}\n", StringComparison.Ordinal)];
        int begins = before.LastIndexOf(Mark, StringComparison.Ordinal);
        return begins < 0 ? before : before[(before.IndexOf('\n', begins) + 1)..];
    }
}
