using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Contestants;
using SafeStore.Benchmarks.Results;
using SafeStore.Benchmarks.Running;

namespace SafeStore.Benchmarks.Workloads;

/// <summary>
/// W6: a fresh process opens a store of many sandboxes with 3 documents each and loads them all; the page cache is warm. Once with code
/// that is compiled while it runs and, given one, once with the program compiled ahead: contestants and scan alike.
/// </summary>
internal sealed class FreshLoad()
    : Workload("W6", "a fresh process opens a store and loads all of it", Bare, new Metric("ms") { IsCost = true }, new Metric("documents"))
{
    private const string Bare = "bare parallel scan";
    private const int DocumentsEach = 3;

    private readonly Dictionary<string, string> _places = [];

    public override async Task RunAsync(Session session, int round)
    {
        foreach (Way way in session.WaysThat(static way => way.Reads))
        {
            if (round == 0)
            {
                _places[way.Id] = await FillAsync(session, way);
            }
        }

        string @case = $"{session.LoadSandboxes} sandboxes x {DocumentsEach} documents";
        await LoadAllAsync(session, null, @case, round);
        if (session.Ahead is { } ahead)
        {
            await LoadAllAsync(session, ahead, $"{@case}, compiled ahead", round);
        }
    }

    private async Task LoadAllAsync(Session session, string? program, string @case, int round)
    {
        foreach (Way way in session.WaysThat(static way => way.Reads))
        {
            try
            {
                if (way == Way.SafeStore)
                {
                    Add(@case, Bare, true, round, await LoadAsync(program, "bare", _places[way.Id]));
                }

                Add(@case, way.Name, way.IsDurable, round, await LoadAsync(program, way.Id, _places[way.Id]));
            }
            catch (IOException) when (way != Way.SafeStore)
            {
                // It has said itself why it cannot.
            }
        }
    }

    private static async Task<string> FillAsync(Session session, Way way)
    {
        string place = session.NewPlace();
        await using Contestant contestant = way.Make(place);
        await contestant.OpenAsync(16);
        await contestant.FillAsync(0, session.LoadSandboxes, DocumentsEach);
        return place;
    }

    private static async Task<double[]> LoadAsync(string? program, string id, string place)
    {
        using WorkerProcess worker = WorkerProcess.StartFrom(program, "worker", "load", id, "--dir", place);
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
