using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SafeStore.Benchmarks.Results;

/// <summary>All figures of a run, each round's, for other programs.</summary>
internal static class JsonFile
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static void Write(string path, IEnumerable<ResultTable> tables)
    {
        var document = new
        {
            At = DateTimeOffset.UtcNow,
            Machine = new
            {
                Processors = Environment.ProcessorCount,
                Kernel = RuntimeInformation.OSDescription,
                Runtime = RuntimeInformation.FrameworkDescription
            },
            Workloads = tables.Select(static table => new
            {
                table.Workload,
                table.Title,
                Metrics = table.Metrics.Select(static metric => metric.Name),
                Ratios = table.RatioNames,
                Rows = table.Rows.Select(row => new
                {
                    row.Case,
                    row.Way,
                    Durable = row.IsDurable,
                    Medians = table.Metrics.Select((_, index) => row.Median(index)),
                    Ratios = table.RatiosOf(row),
                    row.Rounds,
                }),
            }),
        };
        File.WriteAllText(path, JsonSerializer.Serialize(document, s_options));
    }
}
