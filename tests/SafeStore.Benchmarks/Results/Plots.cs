using System.Collections.Generic;
using System.IO;
using System.Linq;
using ScottPlot;

namespace SafeStore.Benchmarks.Results;

/// <summary>One picture per workload: its first metric, a group of bars for each case.</summary>
internal static class Plots
{
    private const int Width = 900;
    private const int RowHeight = 22;
    private const int Margin = 110;

    public static void Write(string directory, IEnumerable<ResultTable> tables)
    {
        Directory.CreateDirectory(directory);
        foreach (ResultTable table in tables.Where(static table => table.Rows.Count > 0))
        {
            using Plot plot = Draw(table);
            plot.SaveSvg(Path.Join(directory, $"{table.Workload}.svg"), Width, Margin + (RowHeight * table.Rows.Count));
        }
    }

    private static Plot Draw(ResultTable table)
    {
        var plot = new Plot();
        ResultRow[] rows = [.. table.Rows.GroupBy(static row => row.Case).SelectMany(static group => group)];
        string[] labels = [.. rows.Select(row => Label(table, row))];
        Bar[] bars = [.. rows.Select((row, index) => new Bar
        {
            Position = -index,
            Value = row.Median(0),
            FillColor = ColorOf(row),
            LineWidth = 0,
            Label = row.Median(0).ToString(table.Metrics[0].Format, System.Globalization.CultureInfo.InvariantCulture),
        })];
        ScottPlot.Plottables.BarPlot plotted = plot.Add.Bars(bars);
        plotted.Horizontal = true;
        plot.Axes.Left.TickGenerator =
            new ScottPlot.TickGenerators.NumericManual([.. rows.Select(static (_, index) => (double)-index)], labels);
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Axes.Margins(left: 0, right: 0.15);
        plot.Title($"{table.Workload}: {table.Title}");
        plot.XLabel(table.Metrics[0].Name);
        return plot;
    }

    private static string Label(ResultTable table, ResultRow row)
    {
        string way = row.IsDurable ? row.Way : $"{row.Way} (not durable)";
        return table.Rows.Select(static other => other.Case).Distinct().Count() == 1 ? way : $"{row.Case}: {way}";
    }

    private static Color ColorOf(ResultRow row) => row switch
    {
        { Way: "SafeStore" } => Colors.SteelBlue,
        { IsDurable: false } => Colors.LightGray,
        _ => Colors.DarkGray,
    };
}
