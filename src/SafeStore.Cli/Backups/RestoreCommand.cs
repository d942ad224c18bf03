using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Cli.Look;
using SafeStore.Operations;

namespace SafeStore.Cli.Backups;

/// <summary><c>safestore restore</c>: brings sandboxes of a backup into a store.</summary>
internal static class RestoreCommand
{
    public static Command Create()
    {
        var command = new Command(
            "restore",
            "Brings all sandboxes of a backup, or those that are named, into a store by transactions, while other processes use it; makes "
            + "the store if there is none. Sandboxes that the backup does not have stay. May be killed and repeated. Exit codes: 0 all is "
            + "there, 1 failed, 2 sandboxes are left out, 3 the store is faulted.");
        var backup = new Argument<string>("BACKUP") { Description = "The directory of one backup: DIR/NAME." };
        command.Add(backup);
        Argument<string[]> sandboxes = BackupCommand.SandboxesOf(command, "The sandboxes; without them, all that the backup has.");
        var store = new StoreArguments(command);
        var patience = new LockPatience(command);
        var roots = new WritableRoots(command);
        var replace = new Option<bool>("--replace")
        {
            Description = "Makes sandboxes that exist and differ as the backup has them. Without it nothing is restored if there are such.",
        };
        var skipDamaged = new Option<bool>("--skip-damaged")
        {
            Description = "Leaves out sandboxes that are damaged in the backup. Without it nothing is restored if there are such.",
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Changes nothing; shows what would be changed." };
        var json = new Option<bool>("--json") { Description = "JSON, one object a line." };
        command.Add(replace);
        command.Add(skipDamaged);
        command.Add(dryRun);
        command.Add(json);
        command.SetAction(arguments => Tool.GuardAsync(async ending =>
        {
            using var line = new ProgressLine();
            var options = new RestoreOptions
            {
                Sandboxes = arguments.GetValue(sandboxes) is { Length: > 0 } chosen ? chosen : null,
                Replace = arguments.GetValue(replace),
                SkipDamaged = arguments.GetValue(skipDamaged),
                IsDryRun = arguments.GetValue(dryRun),
                Progress = BackupCommand.ProgressOf(line),
            };
            int code = ExitCode.Ok;
            await using Stream output = StandardOutput.Open();
            await foreach (RestoredSandbox restored in BackupRestore.RunAsync(
                arguments.GetValue(backup)!, store.LayoutOf(arguments), options,
                roots.Allow(patience.Limit(new StoreOptions(), arguments), arguments), ending.Token))
            {
                line.Clear();
                ending.Change = restored.Lsn is { } lsn ? $"The transaction of LSN {lsn} is made, and nothing after it." : ending.Change;
                await WriteAsync(output, restored, arguments.GetValue(json));
                if (restored.Damage is { } damage)
                {
                    await StandardError.TellAsync(damage.Message);
                    code = ExitCode.Findings;
                }
            }

            return options.IsDryRun ? await Looking.TellIfThereAsync(store.LayoutOf(arguments), code) : code;
        }));
        return command;
    }

    /// <summary>What is the same is not worth a line for eyes.</summary>
    private static async Task WriteAsync(Stream output, RestoredSandbox restored, bool json)
    {
        if (json)
        {
            await JsonOutput.WriteAsync(output, [RestoredLine.Of(restored)], BackupLinesJson.Types.RestoredLine);
        }
        else if (restored.Kind != RestoredKind.Same)
        {
            var text = new TextOutput();
            text.Lines(LinesOf(restored));
            await text.WriteAsync(output);
        }
    }

    private static IEnumerable<string> LinesOf(RestoredSandbox restored) =>
    [
        Line(restored.Kind, restored.Sandbox),
        .. restored.Containers.Select(each => Line(each.Value, $"{restored.Sandbox}/{each.Key}/")),
        .. restored.Documents.Select(static each => Line(each.Value, each.Key.ToString())),
        .. restored.Quarantines.Select(static each => $"{"kept",-8}{each}"),
    ];

    private static string Line(RestoredKind kind, string what) => $"{TextOutput.Shown(kind),-8}{what}";
}
