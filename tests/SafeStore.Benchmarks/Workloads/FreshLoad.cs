using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Contestants;
using SafeStore.Benchmarks.Results;
using SafeStore.Benchmarks.Running;

namespace SafeStore.Benchmarks.Workloads;

/// <summary>W6: a fresh process opens a store of many sandboxes with 3 documents each and loads them all; the page cache is warm.</summary>
internal sealed class FreshLoad() : Workload("W6", "a fresh process opens a store and loads all of it", Bare, new Metric("ms") { IsCost = true }, new Metric("documents"))
{
    private const string Bare = "bare parallel scan";
    private const int DocumentsEach = 3;

    private readonly Dictionary<string, string> _places = [];

    public override async Task RunAsync(Session session, int round)
    {
        string @case = $"{session.LoadSandboxes} sandboxes x {DocumentsEach} documents";
        foreach (Way way in session.WaysThat(static way => way.Reads))
        {
            if (round == 0)
            {
                await FillAsync(session, way);
            }

            try
            {
                if (way == Way.SafeStore)
                {
                    Add(@case, Bare, true, round, await LoadAsync("bare", _places[way.Id]));
                }

                Add(@case, way.Name, way.IsDurable, round, await LoadAsync(way.Id, _places[way.Id]));
            }
            catch (IOException) when (way != Way.SafeStore)
            {
                // It has said itself why it cannot.
            }
        }
    }

    private async Task FillAsync(Session session, Way way)
    {
        string place = _places[way.Id] = session.NewPlace();
        await using Contestant contestant = way.Make(place);
        await contestant.OpenAsync(16);
        await contestant.FillAsync(0, session.LoadSandboxes, DocumentsEach);
    }

    private static async Task<double[]> LoadAsync(string id, string place)
    {
        using WorkerProcess worker = WorkerProcess.Start("worker", "load", id, "--dir", place);
        return await worker.AnswerAsync<double[]>();
    }

    private void Add(string @case, string way, bool isDurable, int round, double[] values)
    {
        if (round > 0)
        {
            Table.Add(@case, way, isDurable, values);
        }
    }
}
