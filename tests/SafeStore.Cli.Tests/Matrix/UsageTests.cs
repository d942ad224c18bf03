using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Cli.Tests.Matrix;

/// <summary>What is wrong with a command line is refused with 64, by every command.</summary>
public sealed class UsageTests
{
    public static TheoryData<string> Commands =>
    [
        "ls", "tree", "cat a/b", "dump", "status", "locks", "log", "watch", "list", "diff a b", "verify", "put a/b", "rm a/b", "edit a/b",
        "apply", "checkpoint", "intents list", "intents forget a 1 --reason x", "backup create d", "restore d/n", "repair", "gc", "doctor",
        "export --to-config a --to-run b", "import --from-run a",
    ];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_wrong_command_line_is_refused(string command)
    {
        foreach (string wrong in new[] { "--store s --nonsense", "--store", "--store s x y z ///" })
        {
            Assert.Equal((wrong, 64), (wrong, await Tool.RunAsync($"{command} {wrong}".Split(' '))));
        }
    }

    [Theory]
    [InlineData("backup list --nonsense")]
    [InlineData("backup verify d --nonsense")]
    [InlineData("backup list d e")]
    [InlineData("adopt --config a --run b --nonsense")]
    [InlineData("adopt --config")]
    [InlineData("torture --nonsense")]
    [InlineData("demo extra")]
    [InlineData("completion")]
    [InlineData("man --nonsense")]
    public async Task An_unknown_option_is_taken_for_no_argument(string line) => Assert.Equal(64, await Tool.RunAsync(line.Split(' ')));
}
