using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using SafeStore.Benchmarks.Results;

namespace SafeStore.Benchmarks.Model;

/// <summary>
/// How long the typed documents take to be written and read in memory, and what they allocate, beside a parse into a JsonDocument.
/// </summary>
internal static class JsonSpeed
{
    private const string Parse = "JsonDocument.Parse";
    private const int WarmRounds = 20; // until the compiler has optimised, which it does in its own time
    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(20);

    public static ResultTable Run(int rounds)
    {
        Timed[] all =
            [.. Samples.All().Select(static sample => new Timed(sample, [new(sample.Write), new(sample.Read), new(sample.Parse)]))];
        for (int round = 0; round < WarmRounds + rounds; round++)
        {
            foreach (Operation operation in all.SelectMany(static timed => timed.Operations))
            {
                operation.Time(keep: round >= WarmRounds);
            }
        }

        var table = new ResultTable(
            "JSON", "typed documents in memory, beside a parse into a JsonDocument", Parse,
            [new Metric("ns") { IsCost = true }, new Metric("bytes allocated"), new Metric("bytes of JSON")]);
        foreach ((Sample sample, Operation[] operations) in all)
        {
            foreach ((string name, Operation operation) in new[] { "write", "read", Parse }.Zip(operations))
            {
                operation.Nanoseconds.ForEach(
                    nanoseconds => table.Add(sample.Name, name, true, nanoseconds, operation.BytesAllocated, sample.Length));
            }
        }

        return table;
    }

    private sealed record Timed(Sample Sample, Operation[] Operations);

    private sealed class Operation(Action action)
    {
        private int _count = 1;

        public double BytesAllocated { get; private set; }

        public List<double> Nanoseconds { get; } = [];

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
                BytesAllocated = (GC.GetAllocatedBytesForCurrentThread() - bytes) / (double)_count;
                Nanoseconds.Add(took.TotalNanoseconds / _count);
            }
            else
            {
                _count = (int)Math.Clamp(_count * (s_slice / took), 1, 10_000_000);
            }
        }
    }
}
