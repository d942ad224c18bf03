using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Cli.Tests.Matrix;

/// <summary>Every command with a standard output that is full or closed: each tells that, and a change that it has made.</summary>
public sealed class OutputMatrixTests
{
    /// <summary>Has nothing to say of this store; the others are refused before.</summary>
    private static readonly string[] s_others = ["change repair --separate", "change adopt", "look adopt --dry-run"];

    [Fact]
    public async Task A_closed_standard_output_is_told_before_anything_is_done()
    {
        foreach (MatrixResult result in await RunAsync("closed"))
        {
            Assert.Equal((result.Command, 1), (result.Command, result.Code));
            Assert.DoesNotContain("/sb-", result.Changed, StringComparison.Ordinal); // the scene's own process makes checkpoints
            Assert.StartsWith("safestore: The standard output is closed.", result.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_full_standard_output_is_told_with_the_change_that_was_made()
    {
        foreach (MatrixResult result in await RunAsync("full"))
        {
            bool isTold = result.Errors.Contains("standard output: No space left on device.", StringComparison.Ordinal);
            Assert.Equal((result.Command, !s_others.Contains(result.Command)), (result.Command, isTold));
            Assert.True(!isTold || result.Code == 1, result.Command);
            bool isChangeTold = !result.Errors.StartsWith("safestore: Could not write", StringComparison.Ordinal);
            bool isChange = result.Changed.Contains("/sb-", StringComparison.Ordinal)
                || result.Command.Contains("backup create", StringComparison.Ordinal);
            Assert.True(isChangeTold || !isChange, result.Command);
        }
    }

    private static bool IsQuiet(string command) => command.Contains("--timeout 0", StringComparison.Ordinal)
        && !command.Contains("apply", StringComparison.Ordinal);

    private static async Task<IReadOnlyList<MatrixResult>> RunAsync(string output)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "The scene needs a mount namespace of its own.");
        await using var store = new MatrixStore("rich") { Output = output };
        return await store.RunAsync([.. MatrixTests.Commands.Select(static each => IsQuiet(each) ? each + " --json" : each)]);
    }
}
