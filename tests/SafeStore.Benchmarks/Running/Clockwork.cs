using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Benchmarks.Running;

/// <summary>Runs a function in a loop on several writers and takes the times.</summary>
internal static class Clockwork
{
    /// <summary>
    /// Each writer starts on a thread of its own: most peers block theirs, and a pool of two would not let them wait side by side.
    /// </summary>
    public static Task StartAsync(Func<Task> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();

    public static async Task<Measurement> TimeAsync(int writers, int count, Func<int, int, ValueTask> commit)
    {
        int each = Math.Max(1, count / writers);
        var times = new double[writers * each];
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => StartAsync(async () =>
        {
            for (int i = 0; i < each; i++)
            {
                long before = Stopwatch.GetTimestamp();
                await commit(writer, i);
                times[(writer * each) + i] = Stopwatch.GetElapsedTime(before).TotalMicroseconds;
            }
        })));
        return Measurement.Of(times, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }
}

/// <summary>What a run took.</summary>
/// <param name="PerSecond">Operations per second, of all writers together.</param>
/// <param name="Least">The quickest in microseconds.</param>
/// <param name="P50">The median in microseconds.</param>
/// <param name="P99">99 of 100 took at most this, in microseconds.</param>
/// <param name="P999">999 of 1000 took at most this, in microseconds.</param>
internal sealed record Measurement(double PerSecond, double Least, double P50, double P99, double P999)
{
    public static Measurement Of(double[] microseconds, double seconds)
    {
        Array.Sort(microseconds);
        return new Measurement(
            microseconds.Length / seconds, microseconds[0], At(microseconds, 0.5), At(microseconds, 0.99), At(microseconds, 0.999));
    }

    /// <summary>The middle one, or the mean of the two in the middle.</summary>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : sorted.Length == 0 ? double.NaN
            : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>The value below which that part of the sorted values lies.</summary>
    public static double At(double[] sorted, double part) =>
        sorted.Length == 0 ? double.NaN : sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * part))];
}
