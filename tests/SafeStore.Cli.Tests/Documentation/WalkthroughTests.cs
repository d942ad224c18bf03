using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Documentation;
using Xunit;

namespace SafeStore.Cli.Tests.Documentation;

/// <summary>What a newcomer does first works as it stands.</summary>
public sealed class WalkthroughTests
{
    [Fact]
    public async Task The_program_of_the_README_compiles_and_runs_and_runs_again()
    {
        Snippet program = Assert.Single(Snippet.All, static snippet => snippet is { Page: "README.md", Language: "csharp" });
        DirectoryInfo work = Directory.CreateTempSubdirectory("safestore-readme-");
        try
        {
            CSharpProgram.Build(program.Text, "app", Path.Combine(work.FullName, "programs", "app"));

            ShellResult result = await ShellSnippet.RunAsync(
                work, "dotnet ../programs/app/app.dll; dotnet ../programs/app/app.dll; cat data/*/job-1/*.json");

            Assert.Equal("", result.Errors);
            Assert.Equal("run 1\nrun 2\n{\"Image\":\"nginx\"}{\"Value\":\"ready\",\"Runs\":2}", result.Output);
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("first time")]
    [InlineData("second time")]
    public async Task The_tutorial_can_be_followed_to_its_end(string time)
    {
        Assert.NotEmpty(time);
        await Walkthrough.FollowAsync("docs/tutorial.md");
    }

    [Fact]
    public void The_README_names_the_commands_that_CI_runs()
    {
        string page = string.Join('\n', Repository.LinesOf("README.md"));

        Assert.Contains(
            "```console\n" + File.ReadAllLines(Path.Combine(Repository.Root, ".ci/run")).Last() + "\n```", page, StringComparison.Ordinal);
        Assert.Contains(
            "```console\ndotnet run -c Release --project src/SafeStore.Cli -- demo\n```", page, StringComparison.Ordinal);
    }
}
