using System.CommandLine;
using System.IO;
using System.Threading.Tasks;

namespace SafeStore.Cli.Shell;

/// <summary>
/// <c>completion bash|zsh|fish</c>: a script for that shell, which asks the tool itself what may come next, by the directive
/// <c>[suggest]</c> of System.CommandLine.
/// </summary>
internal static class CompletionCommand
{
    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish." };
        _ = shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command(
            "completion",
            "Writes a script that completes safestore's commands, options and sandboxes in a shell: eval \"$(safestore completion bash)\", "
            + "the same with zsh, or safestore completion fish | source. Exit codes: 0 done, 1 standard output could not be written.")
        {
            shell,
        };
        command.SetAction(arguments => Tool.GuardAsync(_ => WriteAsync(arguments.GetRequiredValue(shell))));
        return command;
    }

    private static async Task<int> WriteAsync(string shell)
    {
        await using Stream output = StandardOutput.Open();
        await using Stream script = typeof(CompletionCommand).Assembly.GetManifestResourceStream($"safestore.{shell}")!;
        await script.CopyToAsync(output);
        return ExitCode.Ok;
    }
}
