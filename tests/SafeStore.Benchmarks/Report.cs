using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Spectre.Console;

namespace SafeStore.Benchmarks;

/// <summary>One table: the median of the rounds, and the ratio to the raw loop with one writer.</summary>
internal static class Report
{
    public static void Print(IEnumerable<string> rows, Dictionary<(string Row, string Contestant), List<Measurement>> cells)
    {
        Tabulate(rows, cells, "commits/s", "raw", "of raw loop");
        Compare(cells, "SafeStore: 6 documents take", "1 writer, 1 document", "1 writer, 6 documents", "times as long as 1 (goal: at most 2.5)");
        Compare(cells, "SafeStore: 16 writers commit", "16 writers, 1 document each", "1 writer, 1 document", "times as fast as 1 (goal: at least 3)");
    }

    /// <summary>Each row's ways, with their ratios to the one whose name starts so.</summary>
    public static void Tabulate(IEnumerable<string> rows, Dictionary<(string Row, string Contestant), List<Measurement>> cells, string perSecond, string reference, string ratioTitle)
    {
        var table = new Table().AddColumns("workload", "way", perSecond, "p50 µs", "p99 µs", ratioTitle);
        var references = cells.Where(cell => cell.Key.Contestant.StartsWith(reference, StringComparison.Ordinal)).ToDictionary(static cell => cell.Key.Row, static cell => cell.Value);
        foreach (string row in rows)
        {
            foreach (((_, string contestant), List<Measurement> rounds) in cells.Where(cell => cell.Key.Row == row))
            {
                // Round by round, since the disk's mood changes: a ratio only compares what ran side by side.
                string ratio = references.TryGetValue(row, out List<Measurement>? others)
                    ? Number(Median(rounds.Zip(others, static (one, other) => one.PerSecond / other.PerSecond)), "0.00")
                    : "-";
                table.AddRow(
                    row,
                    contestant,
                    Number(Median(rounds.Select(static round => round.PerSecond)), "0"),
                    Number(Median(rounds.Select(static round => round.MedianMicroseconds)), "0"),
                    Number(Median(rounds.Select(static round => round.P99Microseconds)), "0"),
                    ratio);
            }
        }

        AnsiConsole.Write(table);
    }

    private static void Compare(Dictionary<(string Row, string Contestant), List<Measurement>> cells, string start, string one, string other, string end)
    {
        double ratio = Median(cells[(one, "SafeStore")].Zip(cells[(other, "SafeStore")], static (first, second) => first.PerSecond / second.PerSecond));
        AnsiConsole.WriteLine($"{start} {Number(ratio, "0.00")} {end}");
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    public static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
