using System.CommandLine;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Log;

namespace SafeStore.Cli.Repair;

/// <summary><c>safestore repair</c>: shows what is in the log and where it is damaged; changes nothing.</summary>
internal static class RepairCommand
{
    public static Command Create()
    {
        var command = new Command(
            "repair",
            "Shows the log: its segments, the watermark, the last valid LSN, and where the chain breaks and why. Changes nothing. "
            + "Exit codes: 0 the log is whole, 1 no store or the log could not be read, 2 it is damaged.");
        var store = new StoreArguments(command);
        var json = new Option<bool>("--json") { Description = "One JSON object instead of a table." };
        command.Add(json);
        command.SetAction(arguments => Tool.GuardAsync(_ => RunAsync(store.ExistingLayoutOf(arguments), arguments.GetValue(json))));
        return command;
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
