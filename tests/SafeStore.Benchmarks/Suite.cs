using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Contestants;
using SafeStore.Benchmarks.Results;
using SafeStore.Benchmarks.Running;
using SafeStore.Benchmarks.Workloads;

namespace SafeStore.Benchmarks;

/// <summary>Runs workloads, each in rounds in which all contestants take their turn, and reports.</summary>
internal static class Suite
{
    public static async Task RunAsync(string directory, Arguments arguments)
    {
        string? ids = arguments.Text("--ways");
        Way[] ways = [.. Way.All.Where(way => ids is null || way == Way.Raw || way == Way.SafeStore || ids.Split(',').Contains(way.Id))];
        foreach (Way way in ways)
        {
            if (way.WhyMissing?.Invoke() is { } reason)
            {
                await Console.Error.WriteLineAsync($"{way.Name} is left out: {reason}");
                ways = [.. ways.Where(other => other != way)];
            }
        }

        var session = new Session(directory, ways, arguments);
        Workload[] workloads = [.. Workload.Choose(arguments.Text("--only"))];
        foreach (Workload workload in workloads)
        {
            for (int round = 0; round < workload.RoundsOf(session.Rounds); round++)
            {
                await Console.Error.WriteLineAsync($"{DateTimeOffset.Now:HH:mm:ss} {workload.Id}, round {round}");
                await workload.RunAsync(session, round);
            }

            TableText.Print(workload.Table);

            // After each: a run takes long, and what is measured is not to be lost with it.
            Write(arguments, [.. workloads.Select(static workload => workload.Table).Where(static table => table.Rows.Count > 0)]);
        }
    }

    public static void Write(Arguments arguments, IReadOnlyList<ResultTable> tables)
    {
        if (arguments.Text("--json") is { } json)
        {
            JsonFile.Write(json, tables);
        }

        if (arguments.Text("--markdown") is { } markdown)
        {
            File.WriteAllText(markdown, string.Concat(tables.Select(TableText.Markdown)));
        }

        if (arguments.Text("--svg") is { } svg)
        {
            Plots.Write(svg, tables);
        }
    }
}
