using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Contestants;
using SafeStore.Benchmarks.Results;
using SafeStore.Benchmarks.Running;

namespace SafeStore.Benchmarks.Workloads;

/// <summary>TAIL: commits while checkpoints run, one every quarter of a second; only those count as "during" that overlap one.</summary>
internal sealed class TailLatency() : Workload(
    "TAIL",
    "SafeStore's commits while checkpoints run",
    "nothing",
    new Metric("p50 µs, all") { IsCost = true },
    new Metric("p99 µs, all"),
    new Metric("p99.9 µs, all"),
    new Metric("p50 µs, during"),
    new Metric("p99.9 µs, during"),
    new Metric("p99.9 during / p50 all", "0.0"),
    new Metric("checkpoints"),
    new Metric("ms each", "0.0"))
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<int, string> _places = [];

    public override int RoundsOf(int asked) => Math.Min(asked, 2) + 1;

    public override async Task RunAsync(Session session, int round)
    {
        foreach (int sandboxes in new[] { 100, 10_000 }.Where(sandboxes => sandboxes <= session.SandboxesMax))
        {
            foreach (int writers in new[] { 1, 16 })
            {
                await RunAsync(session, sandboxes, writers, round);
            }
        }
    }

    private async Task RunAsync(Session session, int sandboxes, int writers, int round)
    {
        bool isFilled = _places.TryGetValue(sandboxes, out string? place);
        _places[sandboxes] = place ??= session.NewPlace();
        await using var contestant = new SafeStoreContestant(place);
        await contestant.OpenAsync(writers);
        if (!isFilled)
        {
            await contestant.FillAsync(0, sandboxes, documents: 1);
        }

        using var stop = new CancellationTokenSource();
        var checkpoints = new ConcurrentQueue<(long Start, long End)>();
        Task background = CheckpointAsync(contestant.Store, checkpoints, stop.Token);
        var commits = new ConcurrentQueue<(long Start, long End)>();
        await Clockwork.TimeAsync(writers, session.Scale(Way.SafeStore, 8000 * (writers == 1 ? 1 : 4)), async (writer, i) =>
        {
            long start = Stopwatch.GetTimestamp();
            await contestant.CommitAsync(writer, Names.Sandbox(((i * writers * 7) + writer) % sandboxes), isNew: false, documents: 1, i);
            commits.Enqueue((start, Stopwatch.GetTimestamp()));
        });
        await stop.CancelAsync();
        await background;
        if (round > 0)
        {
            Add($"{sandboxes} sandboxes, {(writers == 1 ? "1 writer" : $"{writers} writers")}", [.. commits], [.. checkpoints]);
        }
    }

    private static async Task CheckpointAsync(StateStore store, ConcurrentQueue<(long Start, long End)> checkpoints, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(s_pause, stop).ContinueWith(static _ => { }, TaskScheduler.Default);
            long start = Stopwatch.GetTimestamp();
            await store.CheckpointAsync(CancellationToken.None);
            checkpoints.Enqueue((start, Stopwatch.GetTimestamp()));
        }
    }

    private void Add(string @case, (long Start, long End)[] commits, (long Start, long End)[] checkpoints)
    {
        double[] all = Sorted(commits);
        double[] during = Sorted([.. commits.Where(commit => Array.Exists(checkpoints, checkpoint => commit.Start < checkpoint.End && checkpoint.Start < commit.End))]);
        double median = Measurement.At(all, 0.5);
        double worst = Measurement.At(during, 0.999);
        Table.Add(
            @case,
            Way.SafeStore.Name,
            true,
            median,
            Measurement.At(all, 0.99),
            Measurement.At(all, 0.999),
            Measurement.At(during, 0.5),
            worst,
            worst / median,
            checkpoints.Length,
            Sorted(checkpoints).Average() / 1000);
    }

    private static double[] Sorted((long Start, long End)[] spans) => [.. spans.Select(static span => Stopwatch.GetElapsedTime(span.Start, span.End).TotalMicroseconds).Order()];
}
