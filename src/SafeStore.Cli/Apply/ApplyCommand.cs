using System.CommandLine;
using System.IO;
using System.Threading.Tasks;
using SafeStore.Cli.Look;

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
            + "{\"lsn\":17}, or {\"error\":\"...\",\"code\":\"...\"} and goes on. Makes the store if there is none, unless --existing says "
            + "that there is one. Formats: docs/cli-apply.md. "
            + "Exit codes: 0 every line was accepted, 1 the store could not be opened, 2 a line was refused, 3 the store is faulted, "
            + "141 no reader of the answers is left.");
        var store = new StoreArguments(command);
        Option<int> parallel = WholeNumber.Option(
            "--parallel",
            "How many lines of different sandboxes to run at once (1-1024). Above 1, answers come in the order of acknowledgement, each "
            + "with its \"line\".",
            preset: 1,
            max: 1024);
        var document = new DocumentLimit(command);
        var patience = new LockPatience(command);
        var roots = new WritableRoots(command);
        var failFast = new Option<bool>("--fail-fast") { Description = "Ends after the first line that is refused." };
        var dryRun = new Option<bool>("--dry-run")
        {
            Description = "Writes nothing: answers {\"dryRun\":true} for a line that would be accepted, after those before it. "
                + "'require' of a sandbox that an earlier line changes is not checked.",
        };
        var existing = new Option<bool>("--existing")
        {
            Description = "The store must exist: none is made where a disk is not mounted, or by a slip of the pen.",
        };
        command.Add(existing);
        command.Add(parallel);
        command.Add(failFast);
        command.Add(dryRun);
        command.SetAction(arguments => Tool.GuardAsync(ending => RunAsync(
            arguments.GetValue(existing) ? store.ExistingLayoutOf(arguments) : store.LayoutOf(arguments),
            roots.Allow(patience.Limit(document.OptionsOf(arguments), arguments), arguments) with
            {
                Opening = arguments.GetValue(existing) ? StoreOpening.MustExist : StoreOpening.OpenOrCreate,
            },
            new Manner(arguments.GetValue(parallel), arguments.GetValue(failFast), arguments.GetValue(dryRun)), ending)));
        return command;
    }

    private static async Task<int> RunAsync(StoreLayout layout, StoreOptions options, Manner manner, Ending ending)
    {
        await using Stream input = StandardInput.Open();
        await using Stream output = StandardOutput.Open();
        if (manner.IsDryRun)
        {
            await using DryRunTarget target = await DryRunTarget.OpenAsync(layout, options, ending.Token);
            int code = await RunAsync(target, input, output, manner, ending);
            return await LookCommand.TellAsync(target.ReadProblems()) is var wrong && code == ExitCode.Ok ? wrong : code;
        }

        await using StateStore store = await StateStore.OpenAsync(layout, options, ending.Token);
        return await RunAsync(new StoreTarget(store), input, output, manner, ending);
    }

    private static async Task<int> RunAsync(IApplyTarget target, Stream input, Stream output, Manner manner, Ending ending)
    {
        using var answers = new AnswerWriter(output, withLineNumbers: manner.Parallel > 1);
        using var session = new ApplySession(
            target, new LineReader(input, LineBytesMax), answers, ending, manner.Parallel, manner.IsFailFast);
        return await session.RunAsync() ? ExitCode.Ok : ExitCode.Findings;
    }

    private sealed record Manner(int Parallel, bool IsFailFast, bool IsDryRun);
}
