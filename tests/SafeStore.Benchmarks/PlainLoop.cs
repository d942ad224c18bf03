using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Contestants;
using SafeStore.Benchmarks.Running;

namespace SafeStore.Benchmarks;

/// <summary>Commits of one way, and nothing else: for strace and perf.</summary>
internal static class PlainLoop
{
    public static async Task RunAsync(string directory, Arguments arguments)
    {
        Way way = Way.Of(arguments.Text("--way") ?? Way.SafeStore.Id);
        int documents = arguments.Number("--documents", 1);
        int writers = arguments.Number("--writers", 1);
        using Listening? listening = arguments.Has("--listen") ? new Listening() : null;
        await using Contestant contestant = way.Make(Path.Join(directory, "commits"));
        await contestant.OpenAsync(writers);
        bool isNew = arguments.Has("--new");
        for (int writer = 0; writer < writers && way.KeepsSandboxes; writer++)
        {
            await contestant.CommitAsync(writer, Names.Sandbox(writer), isNew: true, documents, 0);
        }

        Measurement measured = await Clockwork.TimeAsync(
            writers,
            arguments.Number("--count", 2000),
            (writer, i) =>
            contestant.CommitAsync(writer, Names.Sandbox(isNew ? ((i + 1) * writers) + writer : writer), isNew, documents, i));
        await Console.Out.WriteLineAsync(
            $"{way.Name}: {measured.PerSecond:0} commits/s, quickest {measured.Least:0} µs, p50 {measured.P50:0} µs, p99 {measured.P99:0} "
            + $"µs");
    }
}
