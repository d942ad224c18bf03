using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Spectre.Console;

namespace SafeStore.Benchmarks.Model;

/// <summary>How long the typed documents take to be written and read in memory, and what they allocate, beside a parse into a JsonDocument.</summary>
internal static class JsonSpeed
{
    private const int WarmRounds = 20; // until the compiler has optimised, which it does in its own time
    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(20);

    public static void Run(int rounds)
    {
        Timed[] all = [.. Samples.All().Select(static sample => new Timed(sample, [new(sample.Write), new(sample.Read), new(sample.Parse)]))];
        for (int round = 0; round < WarmRounds + rounds; round++)
        {
            foreach (Operation operation in all.SelectMany(static timed => timed.Operations))
            {
                operation.Time(keep: round >= WarmRounds);
            }
        }

        var table = new Table().AddColumns("document", "bytes", "write ns", "allocated", "read ns", "allocated", "JsonDocument.Parse ns", "allocated", "read/parse");
        foreach ((Sample sample, Operation[] operations) in all)
        {
            double ratio = Report.Median(operations[1].Nanoseconds.Zip(operations[2].Nanoseconds, static (read, parse) => read / parse));
            table.AddRow([sample.Name, Report.Number(sample.Length, "0"), .. operations.SelectMany(static operation => operation.Cells), Report.Number(ratio, "0.00")]);
        }

        AnsiConsole.Write(table);
    }

    private sealed record Timed(Sample Sample, Operation[] Operations);

    private sealed class Operation(Action action)
    {
        private int _count = 1;
        private double _bytes;

        public List<double> Nanoseconds { get; } = [];

        public string[] Cells => [Report.Number(Report.Median(Nanoseconds), "0"), Report.Number(_bytes, "0")];

        public void Time(bool keep)
        {
            long bytes = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < _count; i++)
            {
                action();
            }

            TimeSpan took = Stopwatch.GetElapsedTime(start);
            if (keep)
            {
                _bytes = (GC.GetAllocatedBytesForCurrentThread() - bytes) / (double)_count;
                Nanoseconds.Add(took.TotalNanoseconds / _count);
            }
            else
            {
                _count = (int)Math.Clamp(_count * (s_slice / took), 1, 10_000_000);
            }
        }
    }
}
