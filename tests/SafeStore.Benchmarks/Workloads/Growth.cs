using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Contestants;
using SafeStore.Benchmarks.Results;
using SafeStore.Benchmarks.Running;

namespace SafeStore.Benchmarks.Workloads;

/// <summary>W9: the same operations on ever more sandboxes.</summary>
internal sealed class Growth() : Workload(
    "W9",
    "growth with the number of sandboxes: commits to sandboxes chosen by chance, reads, opening by a fresh process",
    "nothing",
    new Metric("commit p50 µs") { IsCost = true },
    new Metric("commit p99 µs"),
    new Metric("read µs", "0.0"),
    new Metric("ms to open"),
    new Metric("created/s"))
{
    private const int Commits = 2000;
    private const int ReadCount = 5000;

    public override int RoundsOf(int asked) => 1;

    public override async Task RunAsync(Session session, int round)
    {
        Dictionary<Way, string> places =
            session.WaysThat(static way => way.Reads && way.IsDurable).ToDictionary(static way => way, _ => session.NewPlace());
        int made = 0;
        for (int size = 100; size <= session.SandboxesMax; made = size, size *= 10)
        {
            foreach ((Way way, string place) in places.ToArray())
            {
                try
                {
                    await MeasureAsync(session, way, place, made, size);
                }
                catch (Exception failure) when (way != Way.SafeStore)
                {
                    await Console.Error.WriteLineAsync($"{way.Name}: {failure.Message}");
                    places.Remove(way);
                }
            }
        }

        foreach (string place in places.Values)
        {
            Session.Remove(place);
        }
    }

    private async Task MeasureAsync(Session session, Way way, string place, int made, int size)
    {
        Measurement committed;
        Measurement read;
        double created;
        await using (Contestant contestant = way.Make(place))
        {
            await contestant.OpenAsync(16);
            long start = Stopwatch.GetTimestamp();
            await contestant.FillAsync(made, size, documents: 1);
            created = (size - made) / Stopwatch.GetElapsedTime(start).TotalSeconds;
            var random = new Random(size);
            await Clockwork.TimeAsync(
                1, session.Scale(way, Commits) / 4, (_, i) =>
                contestant.CommitAsync(0, Names.Sandbox(random.Next(size)), isNew: false, documents: 1, i));
            committed = await Clockwork.TimeAsync(
                1, session.Scale(way, Commits), (_, i) =>
                contestant.CommitAsync(0, Names.Sandbox(random.Next(size)), isNew: false, documents: 1, i));
            read = await Clockwork.TimeAsync(
                1, ReadCount, (_, _) =>
                contestant.Read(0, Names.Sandbox(random.Next(size)), 0) is null ? throw new InvalidOperationException("lost")
                : ValueTask.CompletedTask);
        }

        using WorkerProcess opener = WorkerProcess.Start("worker", "open", way.Id, "--dir", place);
        Table.Add($"{size} sandboxes", way.Name, way.IsDurable, committed.P50, committed.P99, 1e6 / read.PerSecond,
            await opener.AnswerAsync<double>(), created);
    }
}
