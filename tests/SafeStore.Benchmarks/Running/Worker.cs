using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Contestants;

namespace SafeStore.Benchmarks.Running;

/// <summary>What the processes do that the suite starts: one of several writers, a fresh loader or opener, a victim.</summary>
internal static class Worker
{
    private const string BareScan = "bare";

    public static Task RunAsync(Arguments arguments) => arguments.Word(1) switch
    {
        "commit" => CommitAsync(Way.Of(arguments.Word(2)!), arguments),
        "load" => LoadAsync(arguments.Word(2)!, arguments.Place),
        "open" => OpenAsync(Way.Of(arguments.Word(2)!), arguments.Place),
        "crash" => CrashAsync(Way.Of(arguments.Word(2)!), arguments),
        "watched" => WatchedAsync(arguments),
        _ => throw new ArgumentException("commit, load, open, crash or watched", nameof(arguments)),
    };

    /// <summary>
    /// One of several writing processes: says that it is ready, waits for the start, answers with the times of its commits in microseconds.
    /// </summary>
    private static async Task CommitAsync(Way way, Arguments arguments)
    {
        TimeSpan duration = TimeSpan.FromMilliseconds(arguments.Number("--milliseconds", 1000));
        await using Contestant contestant = way.Make(arguments.Place);
        await contestant.OpenAsync(1, shared: true);
        string sandbox = Names.Sandbox(arguments.Number("--writer", 0));
        // until the compiler has optimised what runs, beside three others that wait for theirs
        _ = await RunAsync(contestant, sandbox, duration);
        await Console.Out.WriteLineAsync("ready");
        await Console.In.ReadLineAsync();
        await AnswerAsync(await RunAsync(contestant, sandbox, duration));
    }

    private static async Task<List<double>> RunAsync(Contestant contestant, string sandbox, TimeSpan duration)
    {
        var times = new List<double>();
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < duration)
        {
            long before = Stopwatch.GetTimestamp();
            await contestant.CommitAsync(0, sandbox, isNew: false, documents: 1, times.Count);
            times.Add(Stopwatch.GetElapsedTime(before).TotalMicroseconds);
        }

        return times;
    }

    /// <summary>A fresh process that loads everything: milliseconds and documents.</summary>
    private static async Task LoadAsync(string id, string place)
    {
        long start = Stopwatch.GetTimestamp();
        if (id == BareScan)
        {
            int scanned = Scan(place);
            await AnswerAsync(new[] { Stopwatch.GetElapsedTime(start).TotalMilliseconds, scanned });
            return;
        }

        await using Contestant contestant = Way.Of(id).Make(place);
        await contestant.OpenAsync(1);
        int count = contestant.LoadAll();
        await AnswerAsync(new[] { Stopwatch.GetElapsedTime(start).TotalMilliseconds, count });
    }

    /// <summary>Reads SafeStore's documents as the plain files that they are, on all processors.</summary>
    private static int Scan(string place)
    {
        int count = 0;
        using var buffers = new ThreadLocal<byte[]>(static () => new byte[64 * 1024]);
        string config = Path.Join(place, "config");
        Parallel.ForEach(Directory.EnumerateDirectories(Path.Join(place, "run"), "sb-*"), directory =>
        {
            string configuration = Path.Join(config, Path.GetFileName(directory));
            foreach (string file in Directory.EnumerateFiles(directory, "*.json").Concat(Directory.EnumerateFiles(configuration, "*.json")))
            {
                if (BareFile.Read(BareFile.NativePath(file), buffers.Value) == SampleDocument.Bytes)
                {
                    Interlocked.Increment(ref count);
                }
            }
        });
        return count;
    }

    /// <summary>A fresh process that opens a store and reads one document: milliseconds.</summary>
    private static async Task OpenAsync(Way way, string place)
    {
        long start = Stopwatch.GetTimestamp();
        await using Contestant contestant = way.Make(place);
        await contestant.OpenAsync(1);
        bool isThere = contestant.Read(0, Names.Sandbox(0), 0)?.Length == SampleDocument.Bytes;
        double took = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        await AnswerAsync(isThere ? took : throw new InvalidDataException("A document is lost."));
    }

    /// <summary>Commits with 16 writers into sandboxes that exist, and kills itself.</summary>
    private static async Task CrashAsync(Way way, Arguments arguments)
    {
        const int Writers = 16;
        int sandboxes = arguments.Number("--sandboxes", 1000);
        Contestant contestant = way.Make(arguments.Place);
        await contestant.OpenAsync(Writers);
        await Clockwork.TimeAsync(Writers, arguments.Number("--count", 1000), (writer, i) =>
            contestant.CommitAsync(writer, Names.Sandbox(((i * Writers) + writer) % sandboxes), isNew: false, documents: 1, i));
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }

    /// <summary>Commits for a watcher in another process: when each commit was acknowledged.</summary>
    private static async Task WatchedAsync(Arguments arguments)
    {
        await Console.Out.WriteLineAsync("ready");
        await Console.In.ReadLineAsync();
        await AnswerAsync(await WatchLatency.WriteAsync(arguments.Place, arguments.Number("--count", 0)));
    }

    private static Task AnswerAsync<T>(T answer) => Console.Out.WriteLineAsync(JsonSerializer.Serialize(answer));
}
