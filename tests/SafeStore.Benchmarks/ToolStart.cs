using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Contestants;
using SafeStore.Benchmarks.Running;

namespace SafeStore.Benchmarks;

/// <summary>How long the built tool takes from its start to its end: nothing but its version, and the list of many sandboxes.</summary>
internal static class ToolStart
{
    public static async Task RunAsync(string directory, Arguments arguments)
    {
        string tool = arguments.Text("--tool") ?? throw new ArgumentException("Say which program to start: --tool PATH.");
        int sandboxes = arguments.Number("--sandboxes", 1000);
        int rounds = arguments.Number("--rounds", 40);
        string place = Path.Join(directory, "listed");
        await using (StateStore store = await StateStore.OpenAsync(StoreLayout.At(place)))
        {
            for (int i = 0; i < sandboxes; i++)
            {
                await using SandboxLock held = await store.LockNewAsync(string.Create(CultureInfo.InvariantCulture, $"sb-{i:00000}"));
                _ = await held.Change().PutJson(StoreRoot.Run, null, "state.json", SampleDocument.Make(i)).CommitAsync();
            }
        }

        string[][] calls = [["--version"], ["ls", "--store", place]];
        List<double>[] times = [[], []];
        for (int round = 0; round < rounds; round++)
        {
            for (int call = 0; call < calls.Length; call++)
            {
                times[call].Add(await TimeAsync(tool, calls[call]));
            }
        }

        for (int call = 0; call < calls.Length; call++)
        {
            double[] sorted = [.. times[call].Order()];
            await Console.Out.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"{calls[call][0],-10} median {sorted[rounds / 2]:0.0} ms, least {sorted[0]:0.0} ms"));
        }
    }

    private static async Task<double> TimeAsync(string tool, string[] arguments)
    {
        var start = new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true };
        var watch = Stopwatch.StartNew();
        using Process process = Process.Start(start)!;
        _ = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? watch.Elapsed.TotalMilliseconds
            : throw new InvalidOperationException($"{tool} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }
}
