using System;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Contestants;
using SafeStore.Benchmarks.Results;
using SafeStore.Benchmarks.Running;

namespace SafeStore.Benchmarks.Workloads;

/// <summary>W4: several processes with one writer each, on sandboxes of their own.</summary>
internal sealed class Processes()
    : Workload("W4", "4 processes with one writer each, one document per commit", Way.Raw.Name, Metric.PerSecond, Metric.P50, Metric.P99,
    Metric.P999)
{
    private const int Count = 4;
    private const int Milliseconds = 3000;

    public override async Task RunAsync(Session session, int round)
    {
        foreach (Way way in session.WaysThat(static way => way.AllowsProcesses))
        {
            string place = session.NewPlace();
            try
            {
                Measurement measured = await MeasureAsync(session, way, place);
                if (round > 0)
                {
                    Table.Add($"{Count} processes", way.Name, way.IsDurable, measured.PerSecond, measured.P50, measured.P99, measured.P999);
                }
            }
            finally
            {
                Session.Remove(place);
            }
        }
    }

    private static async Task<Measurement> MeasureAsync(Session session, Way way, string place)
    {
        await using (Contestant contestant = way.Make(place))
        {
            await contestant.OpenAsync(1, shared: true);
            for (int writer = 0; writer < Count && way.KeepsSandboxes; writer++)
            {
                await contestant.CommitAsync(0, Names.Sandbox(writer), isNew: true, documents: 1, writer);
            }
        }

        // For a time, not for a number of commits: who keeps the others waiting would be alone, and quick, towards its end, and they after
        // it.
        int milliseconds = Milliseconds / session.Divisor;
        string duration = milliseconds.ToString(CultureInfo.InvariantCulture);
        WorkerProcess[] workers = [.. Enumerable.Range(0, Count).Select(writer => WorkerProcess.Start(
            "worker", "commit", way.Id, "--dir", place, "--writer", writer.ToString(CultureInfo.InvariantCulture), "--milliseconds",
            duration))];
        try
        {
            await Task.WhenAll(workers.Select(static worker => worker.WaitUntilReadyAsync()));
            await Task.WhenAll(workers.Select(static worker => worker.GoAsync()));
            double[][] answers = await Task.WhenAll(workers.Select(static worker => worker.AnswerAsync<double[]>()));
            return Measurement.Of([.. answers.SelectMany(static times => times)], milliseconds / 1000.0);
        }
        finally
        {
            Array.ForEach(workers, static worker => worker.Dispose());
        }
    }
}
