using System;
using System.Diagnostics;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Contestants;
using SafeStore.Benchmarks.Results;
using SafeStore.Benchmarks.Running;

namespace SafeStore.Benchmarks.Workloads;

/// <summary>W1, W2, W3: commits of one process.</summary>
internal sealed class Commits(string id, string title, bool isNew, int documents, int commits, params int[] writers)
    : Workload(id, title, Way.Raw.Name, Metric.PerSecond, Metric.P50, Metric.P99, Metric.P999)
{
    /// <summary>Then a program that stays is compiled and optimised.</summary>
    private static readonly TimeSpan s_warming = TimeSpan.FromSeconds(3);

    public override async Task RunAsync(Session session, int round)
    {
        foreach (int count in writers)
        {
            foreach (Way way in session.Ways)
            {
                await session.UseAsync(way, count, contestant => MeasureAsync(session, way, contestant, count, round));
            }
        }
    }

    private async Task MeasureAsync(Session session, Way way, Contestant contestant, int count, int round)
    {
        for (int writer = 0; writer < count && !isNew && way.KeepsSandboxes; writer++)
        {
            await contestant.CommitAsync(writer, NameOf("own", writer, 0), isNew: true, documents, 0);
        }

        int scaled = session.Scale(way, commits);
        long start = Stopwatch.GetTimestamp();
        for (int warm = 0; warm == 0 || Stopwatch.GetElapsedTime(start) < s_warming / session.Divisor; warm++)
        {
            await RunAsync(contestant, $"warm{warm}", count, scaled / 4);
        }

        Measurement measured = await RunAsync(contestant, "run", count, scaled);
        if (round > 0)
        {
            Table.Add(count == 1 ? "1 writer"
                : $"{count} writers", way.Name, way.IsDurable, measured.PerSecond, measured.P50, measured.P99, measured.P999);
        }
    }

    private Task<Measurement> RunAsync(Contestant contestant, string phase, int count, int scaled) => Clockwork.TimeAsync(
        count, scaled, (writer, i) =>
        contestant.CommitAsync(writer, isNew ? NameOf(phase, writer, i) : NameOf("own", writer, 0), isNew, documents, i));

    private static string NameOf(string phase, int writer, int number) => FormattableString.Invariant($"{phase}-{writer}-{number}");
}
