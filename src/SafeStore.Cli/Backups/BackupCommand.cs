using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Cli.Look;
using SafeStore.Operations;
using SafeStore.Vocabulary;

namespace SafeStore.Cli.Backups;

/// <summary><c>safestore backup</c>: makes, lists and checks backups.</summary>
internal static class BackupCommand
{
    private const int KeepMax = 1_000_000;

    public static Command Create()
    {
        var command = new Command(
            "backup", "Makes backups of a store while it is used, lists them, and checks them. 'safestore restore' brings them back.");
        command.Add(CreateCreate());
        command.Add(CreateList());
        command.Add(CreateVerify());
        return command;
    }

    /// <summary>The sandboxes that a command works on; none for all.</summary>
    public static Argument<string[]> SandboxesOf(Command command, string description)
    {
        var sandboxes = new Argument<string[]>("SANDBOX") { Description = description, Arity = ArgumentArity.ZeroOrMore };
        sandboxes.Validators.Add(static result =>
        {
            foreach (string token in result.Tokens.Select(static each => each.Value).Where(static each => !Identifier.IsValid(each)))
            {
                result.AddError($"'{token}' cannot be the id of a sandbox: 1 to 128 of A-Z a-z 0-9 _ . -, a letter or digit first.");
            }
        });
        command.Add(sandboxes);
        return sandboxes;
    }

    public static ShownProgress<BackupProgress> ProgressOf(ProgressLine line, string of = "") =>
        new(line, value => $"{of}{value.Sandboxes} of {value.All} sandboxes");

    private static Command CreateCreate()
    {
        var command = new Command(
            "create",
            "Copies all sandboxes, or those that are named, to a new directory below DIR, as they stand after one transaction and before "
            + "the next, while any number of processes write. What has not changed since the backup before is taken from that. Exit codes: "
            + "0 made, 1 failed and nothing is changed, 2 made, and something in the store is wrong (on stderr), 3 the store is faulted.");
        var directory = new Argument<string>("DIR") { Description = "The directory of the backups, made if it does not exist." };
        command.Add(directory);
        Argument<string[]> sandboxes = SandboxesOf(command, "The sandboxes; without them, all.");
        var store = new StoreArguments(command);
        Option<int> keep = WholeNumber.Option(
            "--keep",
            "How many backups of all sandboxes of this store to keep; the oldest are removed once the new one is durable.",
            preset: 0,
            max: KeepMax);
        var full = new Option<bool>("--full") { Description = "Reads every sandbox, and takes none from the backup before." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Says how many sandboxes would be copied and which backups removed." };
        Option<bool> json = JsonOption();
        command.Add(keep);
        command.Add(full);
        command.Add(dryRun);
        command.Add(json);
        command.Validators.Add(result =>
        {
            if (result.GetResult(keep) is { Implicit: false } && result.GetResult(sandboxes) is { Tokens.Count: > 0 })
            {
                result.AddError("--keep is for backups of all sandboxes, and not with SANDBOX.");
            }
        });
        command.SetAction(arguments => Tool.GuardAsync(async ending =>
        {
            StoreLayout layout = store.LayoutOf(arguments);
            var backups = new BackupDirectory(arguments.GetValue(directory)!);
            using var line = new ProgressLine();
            var options = new BackupOptions
            {
                Sandboxes = arguments.GetValue(sandboxes) is { Length: > 0 } chosen ? chosen : null,
                Keep = arguments.GetValue(keep) is var number and > 0 ? number : null,
                IsFull = arguments.GetValue(full),
                Progress = ProgressOf(line),
            };
            if (arguments.GetValue(dryRun))
            {
                return await PlanAsync(backups, layout, options, arguments.GetValue(json), ending.Token);
            }

            BackupResult result = await backups.CreateAsync(layout, options, ending.Token);
            line.Clear();
            ending.Change = $"The backup '{result.Backup.Path}' is made.";
            await WriteAsync(result, arguments.GetValue(json));
            return await TellAsync(result.Problems);
        }));
        return command;
    }

    private static Command CreateList()
    {
        var command = new Command(
            "list",
            "Lists the backups below DIR, oldest first, by their manifests. Exit codes: 0 all well, 1 failed, 2 one cannot be read.");
        var directory = new Argument<string>("DIR") { Description = "The directory of the backups." };
        Option<bool> json = JsonOption();
        command.Add(directory);
        command.Add(json);
        command.SetAction(arguments => Tool.GuardAsync(_ =>
            WriteAsync(new BackupDirectory(arguments.GetValue(directory)!).List(), arguments.GetValue(json))));
        return command;
    }

    private static Command CreateVerify()
    {
        var command = new Command(
            "verify", "Reads all of the backups below DIR, or of one, and compares each file with the manifest. Exit codes: 0 all well, 1 "
            + "failed, 2 something is missing, damaged or not of the backup (on stderr).");
        var directory = new Argument<string>("DIR") { Description = "The directory of the backups." };
        var name = new Argument<string?>("NAME") { Description = "The name of one backup.", Arity = ArgumentArity.ZeroOrOne };
        Option<bool> json = JsonOption();
        command.Add(directory);
        command.Add(name);
        command.Add(json);
        command.SetAction(arguments => Tool.GuardAsync(async ending =>
        {
            var backups = new BackupDirectory(arguments.GetValue(directory)!);
            string[] names = arguments.GetValue(name) is { } one ? [one] : [.. backups.List().Select(static each => each.Name)];
            if (names.Length == 0)
            {
                throw new CommandException($"There is no backup in '{backups.Path}'. 'safestore backup create' makes one.");
            }

            using var line = new ProgressLine();
            return await WriteAsync(names.Select(Verify), arguments.GetValue(json));

            BackupReport Verify(string each)
            {
                BackupReport report = backups.Verify(each, ProgressOf(line, $"{each}: "), ending.Token);
                line.Clear();
                return report;
            }
        }));
        return command;
    }

    private static Option<bool> JsonOption() => new("--json") { Description = "JSON, one object a line." };

    private static async Task<int> PlanAsync(
        BackupDirectory backups, StoreLayout layout, BackupOptions options, bool json, CancellationToken stop)
    {
        using StoreView view = StoreView.Open(layout);
        int count = options.Sandboxes?.Count ?? view.ListSandboxes().Count;
        IReadOnlyList<string> removed = options.Keep is { } keep ? backups.FindSurplus(layout, keep, stop) : [];
        await using Stream output = StandardOutput.Open();
        if (json)
        {
            await JsonOutput.WriteAsync(output, [new PlannedLine(count, removed)], BackupLinesJson.Types.PlannedLine);
            return ExitCode.Ok;
        }

        var text = new TextOutput();
        text.Pairs([("sandboxes", TextOutput.Shown(count)), .. removed.Select(static each => ("would remove", each))]);
        await text.WriteAsync(output);
        return ExitCode.Ok;
    }

    private static async Task WriteAsync(BackupResult result, bool json)
    {
        await using Stream output = StandardOutput.Open();
        if (json)
        {
            await JsonOutput.WriteAsync(output, [CreatedLine.Of(result)], BackupLinesJson.Types.CreatedLine);
            return;
        }

        var text = new TextOutput();
        text.Lines([result.Backup.Path]);
        await text.WriteAsync(output);
    }

    private static async Task<int> WriteAsync(IEnumerable<BackupReport> reports, bool json)
    {
        await using Stream output = StandardOutput.Open();
        var all = new List<BackupReport>();
        foreach (BackupReport report in reports)
        {
            all.Add(report);
            if (json)
            {
                await JsonOutput.WriteAsync(output, [BackupLine.Of(report)], BackupLinesJson.Types.BackupLine);
            }
        }

        if (!json && all.Count > 0)
        {
            var text = new TextOutput();
            text.Table(
                ["backup", "time", "#cut", "of", "#sandboxes", "#documents", "#bytes", "state"], all.Select(static each => RowOf(each)));
            await text.WriteAsync(output);
        }

        return await TellAsync(all.SelectMany(static each => each.Problems));
    }

    private static string[] RowOf(BackupReport report) => report.Backup is not { } backup
        ? [report.Name, "", "", "", "", "", "", "damaged"]
        :
        [
            report.Name, TextOutput.Shown(backup.Time), backup.Cut.ToString(),
            backup.IsWhole ? "all" : "some", TextOutput.Shown(backup.Sandboxes), TextOutput.Shown(backup.Documents),
            TextOutput.Shown(backup.Bytes), report.Problems.Count == 0 ? "" : "damaged",
        ];

    private static async Task<int> TellAsync(IEnumerable<StoreProblem> problems)
    {
        int code = ExitCode.Ok;
        foreach (StoreProblem problem in problems)
        {
            await StandardError.TellAsync(problem.Message);
            code = ExitCode.Findings;
        }

        return code;
    }
}
