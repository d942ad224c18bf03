using System.CommandLine;
using System.IO;
using System.Threading.Tasks;

namespace SafeStore.Cli.Apply;

/// <summary><c>safestore apply</c>: commits transactions that come as lines of JSON.</summary>
internal static class ApplyCommand
{
    private const int LineBytesMax = 512 * 1024 * 1024;

    public static Command Create()
    {
        var command = new Command(
            "apply",
            "Commits transactions from stdin, one JSON object per line, and answers each with one line as soon as it is durable: "
            + "{\"lsn\":17}, or {\"error\":\"...\",\"code\":\"...\"} and goes on. Makes the store if there is none. Formats: docs/cli.md. "
            + "Exit codes: 0 end of input, 1 the store could not be opened, 3 it is faulted, 141 no reader of the answers is left.");
        var store = new StoreArguments(command);
        Option<int> parallel = WholeNumber.Option(
            "--parallel",
            "How many lines of different sandboxes to run at once (1-1024). Above 1, answers come in the order of acknowledgement, each "
            + "with its \"line\".",
            preset: 1,
            max: 1024);
        var document = new DocumentLimit(command);
        command.Add(parallel);
        command.SetAction(arguments => Tool.GuardAsync(ending => RunAsync(
            store.LayoutOf(arguments), document.OptionsOf(arguments), arguments.GetValue(parallel), ending)));
        return command;
    }

    private static async Task<int> RunAsync(StoreLayout layout, StoreOptions options, int parallel, Ending ending)
    {
        await using Stream input = StandardInput.Open();
        await using Stream output = StandardOutput.Open();
        await using StateStore store = await StateStore.OpenAsync(layout, options, ending.Token);
        using var answers = new AnswerWriter(output, withLineNumbers: parallel > 1);
        using var session = new ApplySession(store, new LineReader(input, LineBytesMax), answers, ending, parallel);
        await session.RunAsync();
        return ExitCode.Ok;
    }
}
