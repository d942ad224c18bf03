using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Contestants;
using SafeStore.Benchmarks.Results;
using SafeStore.Benchmarks.Running;

namespace SafeStore.Benchmarks.Workloads;

/// <summary>
/// W8: a process with 16 writers kills itself; how long a fresh one takes to open the store and read a document, against opening it again
/// after that.
/// </summary>
internal sealed class RecoveryTime() : Workload(
    "W8", "opening after a kill, against the commits since the last checkpoint", "nothing", new Metric("ms to open") { IsCost = true },
    new Metric("ms when closed well"), new Metric("log MiB", "0.0"))
{
    private const int Sandboxes = 1000;

    /// <summary>Every process is a fresh one: there is nothing to warm up.</summary>
    public override int RoundsOf(int asked) => Math.Min(asked, 2);

    public override async Task RunAsync(Session session, int round)
    {
        foreach (int commits in new[] { 1000, 4000, 14_000 })
        {
            foreach (Way way in session.WaysThat(static way => way.Reads && way.IsDurable))
            {
                string place = session.NewPlace();
                try
                {
                    await MeasureAsync(session, way, place, commits);
                }
                catch (Exception failure) when (way != Way.SafeStore)
                {
                    await Console.Error.WriteLineAsync($"{way.Name}: {failure.Message}");
                }
                finally
                {
                    Session.Remove(place);
                }
            }
        }
    }

    private async Task MeasureAsync(Session session, Way way, string place, int commits)
    {
        await using (Contestant contestant = way.Make(place))
        {
            await contestant.OpenAsync(16);
            await contestant.FillAsync(0, Sandboxes, documents: 1);
        }

        using (WorkerProcess victim = WorkerProcess.Start(
            "worker", "crash", way.Id, "--dir", place, "--count", session.Scale(way, commits).ToString(CultureInfo.InvariantCulture)))
        {
            await victim.EndAsync();
        }

        double log = LogMib(place);
        double recovered = await OpenAsync(way, place);
        double again = await OpenAsync(way, place);
        Table.Add($"{commits} commits", way.Name, way.IsDurable, recovered, again, log);
    }

    private static async Task<double> OpenAsync(Way way, string place)
    {
        using WorkerProcess worker = WorkerProcess.Start("worker", "open", way.Id, "--dir", place);
        return await worker.AnswerAsync<double>();
    }

    /// <summary>The log's segments, where the store is SafeStore's.</summary>
    private static double LogMib(string place)
    {
        string log = Path.Join(place, "config", ".safestore", "log");
        return Directory.Exists(log) ? Directory.EnumerateFiles(log).Sum(static file => new FileInfo(file).Length) / (1024.0 * 1024)
            : double.NaN;
    }
}
