using System;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Cli.Tests.Torture;

public sealed class TortureTests
{
    [Fact]
    public async Task Torture_counts_the_states_of_a_round_and_finds_nothing()
    {
        ToolResult first = await ToolProcess.RunAsync(["torture", "--seed", "3", "--rounds", "1", "--on", "tmpfs"]);

        Assert.Equal(0, first.Code);
        Assert.StartsWith("Seed 3, ", first.Lines[0], StringComparison.Ordinal);
        Assert.StartsWith("tmpfs: seed 3: ", first.Lines[1], StringComparison.Ordinal);
        Assert.Contains(" 0 violations", first.Lines[1], StringComparison.Ordinal);
        Assert.StartsWith("No violation in ", first.Lines[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--minutes", "0")]
    [InlineData("--minutes", "x")]
    [InlineData("--rounds", "0")]
    [InlineData("--seed", "-1")]
    public async Task Torture_with_a_wrong_option_says_so(string option, string value)
    {
        ToolResult result = await ToolProcess.RunAsync(["torture", option, value]);

        Assert.Equal(64, result.Code);
    }

    [Fact]
    public async Task Torture_on_an_unknown_machine_names_where_to_look()
    {
        ToolResult result = await ToolProcess.RunAsync(["torture", "--on", "floppy"]);

        Assert.Equal(64, result.Code);
        Assert.Contains("floppy", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Torture_that_is_interrupted_ends_soon_and_says_how_far_it_came()
    {
        using ToolProcess tool = ToolProcess.Start("torture", "--seed", "1", "--rounds", "5", "--on", "xfs");
        Assert.StartsWith("Seed 1, ", await tool.ReadLineAsync(), StringComparison.Ordinal);

        using (var kill = System.Diagnostics.Process.Start(
            "kill", ["-INT", tool.Process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(130, await tool.WaitAsync());
    }
}
