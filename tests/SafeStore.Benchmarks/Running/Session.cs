using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Contestants;

namespace SafeStore.Benchmarks.Running;

/// <summary>One run of the suite: on which disk, with whom, how long.</summary>
internal sealed class Session(string directory, IReadOnlyList<Way> ways, Arguments arguments)
{
    private int _places;

    public string Directory => directory;

    public IReadOnlyList<Way> Ways => ways;

    /// <summary>How many rounds count, after one to warm up.</summary>
    public int Rounds { get; } = arguments.Number("--rounds", 5);

    /// <summary>The most sandboxes of the workload that grows.</summary>
    public int SandboxesMax { get; } = arguments.Number("--sandboxes-max", 10_000);

    /// <summary>How many sandboxes a fresh process loads.</summary>
    public int LoadSandboxes { get; } = arguments.Number("--load-sandboxes", 10_000);

    /// <summary>Where this program lies once more, compiled ahead (ahead.sh); null if it does not.</summary>
    public string? Ahead { get; } = arguments.Text("--ahead") is { } ahead ? Path.GetFullPath(ahead) : null;

    /// <summary>Commits are divided by this, to try the suite.</summary>
    public int Divisor { get; } = arguments.Number("--quick", 1);

    public int Scale(Way way, int commits) => Math.Max(32, commits / Divisor / (way.IsSlow ? 8 : 1));

    /// <summary>A directory that was not there before.</summary>
    public string NewPlace() => Path.Join(directory, $"p{_places++}");

    /// <summary>
    /// Works with a contestant in a directory of its own, which is removed. What one of them cannot do says so and is left out.
    /// </summary>
    public async Task UseAsync(Way way, int writers, Func<Contestant, Task> use)
    {
        string place = NewPlace();
        try
        {
            await using Contestant contestant = way.Make(place);
            await contestant.OpenAsync(writers);
            await use(contestant);
        }
        catch (Exception failure) when (way != Way.SafeStore && way != Way.Raw)
        {
            await Console.Error.WriteLineAsync($"{way.Name}: {failure.GetType().Name}: {failure.Message}");
        }
        finally
        {
            Remove(place);
        }
    }

    public static void Remove(string place)
    {
        if (System.IO.Directory.Exists(place))
        {
            System.IO.Directory.Delete(place, recursive: true);
        }
    }

    public IEnumerable<Way> WaysThat(Func<Way, bool> condition) => ways.Where(condition);
}
