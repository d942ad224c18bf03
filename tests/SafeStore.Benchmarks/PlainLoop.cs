using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Contestants;
using SafeStore.Benchmarks.Running;

namespace SafeStore.Benchmarks;

/// <summary>Commits of one way and one writer, and nothing else: for strace and perf.</summary>
internal static class PlainLoop
{
    public static async Task RunAsync(string directory, Arguments arguments)
    {
        Way way = Way.Of(arguments.Text("--way") ?? Way.SafeStore.Id);
        int documents = arguments.Number("--documents", 1);
        await using Contestant contestant = way.Make(Path.Join(directory, "commits"));
        await contestant.OpenAsync(1);
        bool isNew = arguments.Has("--new");
        if (way.KeepsSandboxes)
        {
            await contestant.CommitAsync(0, Names.Sandbox(0), isNew: true, documents, 0);
        }

        Measurement measured = await Clockwork.TimeAsync(
            1, arguments.Number("--count", 2000), (_, i) => contestant.CommitAsync(0, Names.Sandbox(isNew ? i + 1 : 0), isNew, documents, i));
        await Console.Out.WriteLineAsync($"{way.Name}: {measured.PerSecond:0} commits/s, quickest {measured.Least:0} µs, p50 {measured.P50:0} µs, p99 {measured.P99:0} µs");
    }
}
