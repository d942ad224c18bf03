using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using SafeStore.Benchmarks.Contestants;
using SafeStore.Benchmarks.Results;
using SafeStore.Benchmarks.Running;

namespace SafeStore.Benchmarks.Workloads;

/// <summary>
/// TAIL: commits while checkpoints run; only those count as "during" that overlap one. Once with the checkpoints that the store makes
/// itself when its log is long, once with one of all that was committed asked for every quarter of a second. And the raw loop, which
/// nothing runs beside: how far the disk's own slowest writes lie from its median.
/// </summary>
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
        foreach (int writers in new[] { 1, 16 })
        {
            await session.UseAsync(Way.Raw, writers, contestant => MeasureAloneAsync(session, contestant, writers, round));
        }

        foreach (int sandboxes in new[] { 100, 10_000 }.Where(sandboxes => sandboxes <= session.SandboxesMax))
        {
            foreach (int writers in new[] { 1, 16 })
            {
                await RunAsync(session, sandboxes, writers, isAskedFor: false, round);
                await RunAsync(session, sandboxes, writers, isAskedFor: true, round);
            }
        }
    }

    private async Task RunAsync(Session session, int sandboxes, int writers, bool isAskedFor, int round)
    {
        bool isFilled = _places.TryGetValue(sandboxes, out string? place);
        _places[sandboxes] = place ??= session.NewPlace();
        var own = new CheckpointTimes();
        await using var contestant = new SafeStoreContestant(place) { Options = new StoreOptions { Logger = own } };
        await contestant.OpenAsync(writers);
        if (!isFilled)
        {
            await contestant.FillAsync(0, sandboxes, documents: 1);
        }

        await contestant.Store.CheckpointAsync();
        own.Spans.Clear();
        using var stop = new CancellationTokenSource();
        var asked = new ConcurrentQueue<(long Start, long End)>();
        Task background = isAskedFor ? CheckpointAsync(contestant.Store, asked, stop.Token) : Task.CompletedTask;
        var commits = new ConcurrentQueue<(long Start, long End)>();
        await Clockwork.TimeAsync(writers, CommitsOf(session, writers), async (writer, i) =>
        {
            long start = Stopwatch.GetTimestamp();
            await contestant.CommitAsync(writer, Names.Sandbox(((i * writers * 7) + writer) % sandboxes), isNew: false, documents: 1, i);
            commits.Enqueue((start, Stopwatch.GetTimestamp()));
        });
        await stop.CancelAsync();
        await background;
        if (round > 0)
        {
            Add(
                $"{sandboxes} sandboxes, {TextOf(writers)}, {(isAskedFor ? "asked for" : "its own")}",
                [.. commits],
                [.. isAskedFor ? asked : own.Spans]);
        }
    }

    private async Task MeasureAloneAsync(Session session, Contestant contestant, int writers, int round)
    {
        Measurement measured =
            await Clockwork.TimeAsync(
            writers, CommitsOf(session, writers), (writer, i) =>
            contestant.CommitAsync(writer, Names.Sandbox(writer), isNew: false, documents: 1, i));
        if (round > 0)
        {
            (double p50, double p999) = (measured.P50, measured.P999);
            Table.Add($"the disk alone, {TextOf(writers)}", Way.Raw.Name, true, p50, measured.P99, p999, p50, p999, p999 / p50, 0, 0);
        }
    }

    private static int CommitsOf(Session session, int writers) => session.Scale(Way.SafeStore, writers == 1 ? 12_000 : 48_000);

    private static string TextOf(int writers) => writers == 1 ? "1 writer" : $"{writers} writers";

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
        double[] during =
            Sorted([.. commits.Where(
            commit => Array.Exists(checkpoints, checkpoint => commit.Start < checkpoint.End && checkpoint.Start < commit.End))]);
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
            Sorted(checkpoints).DefaultIfEmpty().Average() / 1000);
    }

    private static double[] Sorted((long Start, long End)[] spans) =>
        [.. spans.Select(static span => Stopwatch.GetElapsedTime(span.Start, span.End).TotalMicroseconds).Order()];

    /// <summary>When checkpoints ran, from the store's messages.</summary>
    private sealed class CheckpointTimes : ILogger
    {
        private const int CheckpointDone = 4;

        public ConcurrentQueue<(long Start, long End)> Spans { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == CheckpointDone && state is IReadOnlyList<KeyValuePair<string, object?>> values)
            {
                long end = Stopwatch.GetTimestamp();
                double milliseconds = (double)values.Single(static value => value.Key == "Milliseconds").Value!;
                Spans.Enqueue((end - (long)(milliseconds / 1000 * Stopwatch.Frequency), end));
            }
        }
    }
}
