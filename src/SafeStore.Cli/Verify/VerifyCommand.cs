using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Cli.Look;
using SafeStore.Cli.Shell;
using SafeStore.Operations;

namespace SafeStore.Cli.Verify;

/// <summary><c>safestore verify</c>: looks whether everything in a store is as it should be (docs/verify.md).</summary>
internal static class VerifyCommand
{
    private const string Kata = "kata";

    public static Command Create()
    {
        var command = new Command(
            "verify",
            "Looks whether everything in a store is as it should be: documents, lock words, log, metadata, modes and owners, and that "
            + "nothing else lies there. Without --accept it opens nothing, changes nothing, waits for no lock. Exit codes: 0 all is well, "
            + "or there are notes only, 1 no store, or no such sandbox, or a document was not accepted, 2 there are problems.");
        var store = new StoreArguments(command);
        var document = new DocumentLimit(command);
        var sandboxes = new Argument<string[]>("SANDBOX")
        {
            Description = "Sandboxes to look at, and nothing else; without any, all of the store.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        sandboxes.Validators.Add(SandboxArgument.Check);
        sandboxes.CompletionSources.Add(StoreNames.Sandboxes);
        var parallel = WholeNumber.Option(
            "--parallel", "How many sandboxes are looked at at once; the number of processors unless said.",
            preset: new VerifyOptions().Parallel, max: 512);
        var model = new Option<string>("--model") { Description = "Whose documents they must be: kata. Any JSON is right unless said." };
        model.AcceptOnlyFromAmong(Kata);
        var json = new Option<bool>("--json") { Description = "JSON, one finding a line." };
        command.Add(sandboxes);
        command.Add(parallel);
        command.Add(model);
        command.Add(json);
        var accept = new AcceptOption(command, sandboxes, parallel, model);
        command.SetAction(arguments => Tool.GuardAsync(async ending =>
        {
            if (accept.IsGivenIn(arguments))
            {
                StoreOptions toOpen = document.OptionsOf(arguments);
                await accept.RunAsync(arguments, store.LayoutOf(arguments), toOpen, arguments.GetValue(json), ending);
                return ExitCode.Ok;
            }

            using StoreView view = StoreView.Open(store.LayoutOf(arguments), document.OptionsOf(arguments));
            using var line = new ProgressLine();
            var progress = new ShownProgress<VerifyProgress>(
                line, static value => $"{value.Sandboxes} of {value.All} sandboxes, {value.Documents} documents");
            var options = new VerifyOptions
            {
                Sandboxes = [.. arguments.GetValue(sandboxes)!.Distinct()],
                Parallel = arguments.GetValue(parallel),
                Model = arguments.GetValue(model) is Kata ? new KataDocuments() : null,
                Progress = progress,
            };
            return await WriteAsync(view.Verify(options, ending.Token), line, progress, arguments.GetValue(json));
        }));
        return command;
    }

    /// <summary>Names may come from any program: none may steer the terminal.</summary>
    public static async Task WriteLineAsync(Stream output, string line)
    {
        string shown = string.Concat(line.Select(static character => char.IsControl(character) ? '?' : character)) + '\n';
        await output.WriteAsync(Encoding.UTF8.GetBytes(shown), CancellationToken.None);
        await output.FlushAsync(CancellationToken.None);
    }

    private static async Task<int> WriteAsync(
        IEnumerable<Finding> findings, ProgressLine line, ShownProgress<VerifyProgress> progress, bool isJson)
    {
        await using Stream output = StandardOutput.Open();
        (int problems, int notes) = (0, 0);
        foreach (Finding finding in findings)
        {
            line.Clear();
            problems += finding.Level == FindingLevel.Problem ? 1 : 0;
            notes += finding.Level == FindingLevel.Note ? 1 : 0;
            if (isJson)
            {
                await JsonOutput.WriteAsync(output, [FindingLine.Of(finding)], JsonOutput.Types.FindingLine);
            }
            else
            {
                await WriteLineAsync(output, $"{finding.Code,-14} {finding.Path}: {finding.Message}");
            }
        }

        line.Clear();
        if (!isJson)
        {
            VerifyProgress all = progress.Last ?? new VerifyProgress(0, 0, 0, 0);
            string found = problems + notes == 0 ? "nothing is wrong"
                : $"{TextOutput.Counted(problems, "problem", "problems")}, {TextOutput.Counted(notes, "note", "notes")}";
            await WriteLineAsync(
                output, $"{TextOutput.Counted(all.Sandboxes, "sandbox", "sandboxes")}, "
                + $"{TextOutput.Counted(all.Documents, "document", "documents")}, {TextOutput.Counted(all.Bytes, "byte", "bytes")}: "
                + $"{found}.");
        }

        return problems == 0 ? ExitCode.Ok : ExitCode.Findings;
    }
}
