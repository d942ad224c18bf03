using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Log;

namespace SafeStore.Cli.Repair;

/// <summary>
/// <c>safestore repair</c>: shows what is in the log and where it is damaged, and changes nothing; or separates a store from a copy by hard
/// links.
/// </summary>
internal static class RepairCommand
{
    public static Command Create()
    {
        var command = new Command(
            "repair",
            "Shows the log: its segments, the watermark, the last valid LSN, and where the chain breaks and why. Changes nothing, "
            + "unless --separate is given. Exit codes: 0 the log is whole, 1 no store or the log could not be read, 2 it is damaged.");
        var store = new StoreArguments(command);
        var json = new Option<bool>("--json") { Description = "One JSON object instead of a table." };
        var separate = new Option<bool>("--separate")
        {
            Description = "Opens the store and gives each sandbox whose lock file a copy shares, by a hard link (cp -al), one of its own. "
                + "Stop other programs that lock the sandboxes first.",
        };
        command.Add(json);
        command.Add(separate);
        command.SetAction(arguments => Tool.GuardAsync(_ => arguments.GetValue(separate)
            ? SeparateAsync(store.ExistingLayoutOf(arguments)) : RunAsync(store.ExistingLayoutOf(arguments), arguments.GetValue(json))));
        return command;
    }

    private static async Task<int> SeparateAsync(StoreLayout layout)
    {
        await using StateStore store = await StateStore.OpenAsync(layout);
        IReadOnlyList<string> separated = store.SeparateLockFiles();
        await Console.Out.WriteLineAsync(separated.Count == 0
            ? "No lock file is shared with a copy." : $"These sandboxes have lock files of their own now: {string.Join(", ", separated)}.");
        return ExitCode.Ok;
    }

    private static async Task<int> RunAsync(StoreLayout layout, bool json)
    {
        LogReport report = LogInspection.Run(layout, new StoreOptions());
        await using Stream output = StandardOutput.Open();
        await output.WriteAsync(json ? LogReportText.ToJson(report) : LogReportText.ToTable(report), CancellationToken.None);
        await output.FlushAsync(CancellationToken.None);
        return report.Damage is null ? ExitCode.Ok : ExitCode.Findings;
    }
}
