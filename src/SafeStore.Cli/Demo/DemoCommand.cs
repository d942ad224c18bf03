using System;
using System.CommandLine;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Spectre.Console;

namespace SafeStore.Cli.Demo;

/// <summary><c>safestore demo</c>: kills processes in the middle of commits and shows that nothing is lost or torn.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var command = new Command(
            "demo",
            "Loads real sandbox trees into a fresh store, lets writer processes commit to them, kills those with SIGKILL at random "
            + "moments, and checks after each kill that every "
            + "acknowledged transaction is there, every transaction is whole, and no temp file is left. Exit codes: 0 all well, 1 "
                + "something was torn, lost or left over, or the demo failed.");
        Option<int> kills = WholeNumber.Option("--kills", "How many processes to kill (1-1000000).", preset: 100, max: 1_000_000);
        Option<int> writers = WholeNumber.Option("--writers", "How many writer processes work at once (1-64).", preset: 4, max: 64);
        var seed = new Option<int?>(
            "--seed")
        { Description = "Repeats the random choices of an earlier run (not the kernel's scheduling).", HelpName = "N" };
        var keep = new Option<string?>(
            "--keep")
        {
            Description =
            "Where to make the store: a directory that is empty or does not exist. Otherwise a new one under the temp directory.",
            HelpName = "DIR"
        };
        command.Add(kills);
        command.Add(writers);
        command.Add(seed);
        command.Add(keep);
        command.SetAction(arguments => Tool.GuardAsync(ending => RunAsync(
            PlaceFor(arguments.GetValue(keep)),
            arguments.GetValue(kills),
            arguments.GetValue(writers),
            arguments.GetValue(seed) ?? Random.Shared.Next(),
            ending.Token)));
        return command;
    }

    private static string PlaceFor(string? keep)
    {
        if (keep is null)
        {
            return Directory.CreateTempSubdirectory("safestore-demo-").FullName;
        }

        string place = Path.GetFullPath(keep);
        return Directory.Exists(place) && Directory.EnumerateFileSystemEntries(place).Any()
            ? throw new CommandException($"The directory '{place}' is not empty. Name one that is empty or does not exist.")
            : place;
    }

    private static async Task<int> RunAsync(string place, int kills, int writers, int seed, CancellationToken stop)
    {
        StoreLayout layout = StoreLayout.At(place);
        var report = new DemoReport(AnsiConsole.Console, isPlain: Console.IsOutputRedirected);
        report.Begin(place, kills, writers, seed);
        var clock = Stopwatch.StartNew();
        DemoResult result = new();
        long commits = 0;
        await report.WithProgressAsync(kills, async onProgress =>
        {
            await using var run = new DemoRun(layout, kills, writers, new Random(seed), onProgress);
            await run.RunAsync(stop);
            (result, commits) = (run.Result, run.Commits);
        });
        report.End(layout, result, commits, clock.Elapsed);
        return result.IsClean ? ExitCode.Ok : ExitCode.Failed;
    }
}
