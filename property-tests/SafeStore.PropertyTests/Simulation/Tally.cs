using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using Xunit;

namespace SafeStore.PropertyTests.Simulation;

/// <summary>Counts what a run has done, and prints it.</summary>
internal sealed class Tally
{
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly Stopwatch _time = Stopwatch.StartNew();

    public long this[string what] => _counts.GetValueOrDefault(what);

    public void Add(string what, long count = 1)
    {
        lock (_counts)
        {
            _counts[what] = _counts.GetValueOrDefault(what) + count;
        }
    }

    public void Max(string what, long value)
    {
        lock (_counts)
        {
            _counts[what] = Math.Max(value, _counts.GetValueOrDefault(what));
        }
    }

    public void Print(string name)
    {
        string counts = string.Join(", ", _counts.Select(static pair => $"{pair.Key} {pair.Value.ToString(CultureInfo.InvariantCulture)}"));
        string line = string.Create(CultureInfo.InvariantCulture, $"{name}: {_time.Elapsed.TotalSeconds:0.0} s; {counts}");
        Console.WriteLine(line);
        TestContext.Current.TestOutputHelper?.WriteLine(line);
    }
}
