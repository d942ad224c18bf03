using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using SafeStore.Benchmarks.Contestants;
using SafeStore.Benchmarks.Running;

namespace SafeStore.Benchmarks.Results;

/// <summary>
/// What one workload gave: rows by case and way, a value for each metric and round. The first metric is the one that ratios are taken of,
/// round by round, since the disk's mood changes: a ratio only compares what ran side by side.
/// </summary>
internal sealed class ResultTable(string workload, string title, string reference, IReadOnlyList<Metric> metrics)
{
    private readonly List<ResultRow> _rows = [];

    public string Workload => workload;

    public string Title => title;

    public IReadOnlyList<Metric> Metrics => metrics;

    public IReadOnlyList<ResultRow> Rows => _rows;

    /// <summary>The headings of the ratios: to the reference and to SafeStore, as far as they are among the rows.</summary>
    public IReadOnlyList<string> RatioNames =>
    [
        .. HasReference ? [$"of {reference}"] : Array.Empty<string>(),
        .. HasOthers ? [metrics[0].IsCost ? "to SafeStore's" : "of SafeStore's"] : Array.Empty<string>(),
    ];

    private bool HasReference => _rows.Exists(row => row.Way == reference);

    private bool HasOthers => _rows.Exists(row => row.Way != Way.SafeStore.Name && Find(row.Case, Way.SafeStore.Name) is not null);

    /// <summary>Adds one round's values, in the order of the metrics.</summary>
    public void Add(string @case, string way, bool isDurable, params double[] values)
    {
        ResultRow? row = Find(@case, way);
        if (row is null)
        {
            _rows.Add(row = new ResultRow(@case, way, isDurable, []));
        }

        row.Rounds.Add(values);
    }

    /// <summary>The texts of a row: case, way, metrics, ratios.</summary>
    public IEnumerable<string> TextsOf(ResultRow row) =>
    [
        row.Case,
        row.IsDurable ? row.Way : $"{row.Way} (not durable)",
        .. metrics.Select((metric, index) => Text(row.Median(index), metric.Format)),
        .. RatiosOf(row).Select(static ratio => Text(ratio, "0.00")),
    ];

    public IEnumerable<double> RatiosOf(ResultRow row) =>
    [
        .. HasReference ? [Ratio(row, Find(row.Case, reference))] : Array.Empty<double>(),
        .. HasOthers ? [Ratio(row, Find(row.Case, Way.SafeStore.Name))] : Array.Empty<double>(),
    ];

    private ResultRow? Find(string @case, string way) => _rows.Find(row => row.Case == @case && row.Way == way);

    private static double Ratio(ResultRow row, ResultRow? other) => other is null
        ? double.NaN
        : Measurement.Median(row.Rounds.Zip(other.Rounds, static (one, two) => one[0] / two[0]));

    private static string Text(double value, string format) =>
        double.IsNaN(value) ? "-" : value.ToString(format, CultureInfo.InvariantCulture);
}

/// <summary>One way in one case of a workload.</summary>
/// <param name="Case">What was asked of it.</param>
/// <param name="Way">Its name.</param>
/// <param name="IsDurable">Whether its commits survive a power cut.</param>
/// <param name="Rounds">The values of each round.</param>
internal sealed record ResultRow(string Case, string Way, bool IsDurable, List<double[]> Rounds)
{
    public double Median(int metric) => Measurement.Median(Rounds.Select(values => values[metric]));
}
