using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Running;
using SafeStore.Changes;

namespace SafeStore.Benchmarks;

/// <summary>
/// How long after its commit a change comes to a watcher in another process: from the acknowledgement, and from the call of the commit.
/// </summary>
internal static class WatchLatency
{
    private const string Sandbox = "sb";
    private const int WarmUp = 100;

    public static async Task RunAsync(string directory, Arguments arguments)
    {
        string place = Path.Join(directory, "watched");
        int count = arguments.Number("--count", 2000);
        await using StateStore store = await StateStore.OpenAsync(StoreLayout.At(place));
        await using (SandboxLock held = await store.LockNewAsync(Sandbox))
        {
            _ = await held.Change().CommitAsync();
        }

        using ChangeReader changes = store.ReadChanges(new Lsn(2));
        using WorkerProcess writer = WorkerProcess.Start(
            "worker", "watched", "--dir", place, "--count", (count + WarmUp).ToString(CultureInfo.InvariantCulture));
        await writer.WaitUntilReadyAsync();
        await writer.GoAsync();
        var begun = new List<long>();
        var given = new List<long>();
        while (given.Count < count + WarmUp)
        {
            CommittedChange change = await store.NextAsync(changes, CancellationToken.None);
            given.Add(Stopwatch.GetTimestamp());
            begun.Add(long.Parse(Encoding.UTF8.GetString(change.Plans[0].Puts[0].Content.Span), CultureInfo.InvariantCulture));
        }

        long[] acknowledged = await writer.AnswerAsync<long[]>();
        await TellAsync("after the acknowledgement", acknowledged.Zip(given, static (from, to) => Math.Max(0, to - from)));
        await TellAsync("after the call of the commit", begun.Zip(given, static (from, to) => to - from));
    }

    /// <summary>The other process: commits with a pause in between, so that the watcher sleeps each time.</summary>
    /// <returns>When each commit was acknowledged, by the clock that all processes share.</returns>
    public static async Task<long[]> WriteAsync(string place, int count)
    {
        await using StateStore store = await StateStore.OpenAsync(StoreLayout.At(place));
        await using SandboxLock held = await store.LockAsync(Sandbox);
        var acknowledged = new List<long>();
        for (int i = 0; i < count; i++)
        {
            byte[] now = Encoding.UTF8.GetBytes(Stopwatch.GetTimestamp().ToString(CultureInfo.InvariantCulture));
            _ = await held.Change().PutJson(StoreRoot.Run, null, "state.json", now).CommitAsync();
            acknowledged.Add(Stopwatch.GetTimestamp());
            await Task.Delay(5);
        }

        return [.. acknowledged];
    }

    private static Task TellAsync(string since, IEnumerable<long> ticks)
    {
        double[] sorted = [.. ticks.Skip(WarmUp).Order().Select(static each => each * 1e6 / Stopwatch.Frequency)];
        return Console.Out.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"A change comes p50 {sorted[sorted.Length / 2]:0} µs, p99 {sorted[sorted.Length * 99 / 100]:0} µs, at most ")
            + string.Create(CultureInfo.InvariantCulture, $"{sorted[^1]:0} µs ")
            + $"{since}.");
    }
}
