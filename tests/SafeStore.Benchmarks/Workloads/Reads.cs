using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Contestants;
using SafeStore.Benchmarks.Results;
using SafeStore.Benchmarks.Running;

namespace SafeStore.Benchmarks.Workloads;

/// <summary>W5: reads of one document of 1 KiB, chosen by chance from 1000 sandboxes, everything in the page cache.</summary>
internal sealed class Reads()
    : Workload("W5", "read of one document", Bare, new Metric("µs per read", "0.00") { IsCost = true }, new Metric("reads/s"),
    new Metric("p99 µs", "0.0"), new Metric("bytes allocated"))
{
    private const string Bare = "bare open+read+close";
    private const int Sandboxes = 1000;
    private const int Count = 40_000;

    private readonly Dictionary<string, string> _places = [];

    public override async Task RunAsync(Session session, int round)
    {
        foreach (Way way in session.WaysThat(static way => way.Reads))
        {
            if (!_places.TryGetValue(way.Id, out string? place))
            {
                _places.Add(way.Id, place = session.NewPlace());
            }

            try
            {
                await using Contestant contestant = way.Make(place);
                await contestant.OpenAsync(16);
                if (round == 0)
                {
                    await contestant.FillAsync(0, Sandboxes, documents: 1);
                }

                if (way == Way.SafeStore)
                {
                    await MeasureBareAsync(place, round, session.Divisor);
                }

                await MeasureAsync(way, contestant, round, session.Divisor);
            }
            catch (Exception failure) when (way != Way.SafeStore)
            {
                await Console.Error.WriteLineAsync($"{way.Name}: {failure.Message}");
            }
        }
    }

    private async Task MeasureBareAsync(string place, int round, int divisor)
    {
        byte[][] paths = new byte[Sandboxes][];
        for (int i = 0; i < Sandboxes; i++)
        {
            paths[i] = BareFile.NativePath(Path.Join(place, "run", Names.Sandbox(i), Names.Document(0)));
        }

        byte[][] buffers = [new byte[4096], new byte[4096]];
        foreach (int threads in new[] { 1, 2 })
        {
            await AddAsync(
                $"raw, {Threads(threads)}", Bare, true, threads, round, divisor, (thread, sandbox) =>
                BareFile.Read(paths[sandbox], buffers[thread]));
            await AddAsync($"parsed, {Threads(threads)}", Bare, true, threads, round, divisor, (thread, sandbox) =>
            {
                int length = BareFile.Read(paths[sandbox], buffers[thread]);
                return JsonSerializer.Deserialize(buffers[thread].AsSpan(0, length), SampleJson.Default.Sample)!.Pid;
            });
        }
    }

    private async Task MeasureAsync(Way way, Contestant contestant, int round, int divisor)
    {
        string[] names = [.. Enumerable.Range(0, Sandboxes).Select(Names.Sandbox)];
        foreach (int threads in new[] { 1, 2 })
        {
            await AddAsync(
                $"raw, {Threads(threads)}", way.Name, way.IsDurable, threads, round, divisor, (thread, sandbox) =>
                contestant.Read(thread, names[sandbox], 0)!.Length);
            await AddAsync(
                $"parsed, {Threads(threads)}", way.Name, way.IsDurable, threads, round, divisor, (thread, sandbox) =>
                contestant is SafeStoreContestant store
                ? store.ReadParsed(names[sandbox])!.Pid
                : JsonSerializer.Deserialize(contestant.Read(thread, names[sandbox], 0), SampleJson.Default.Sample)!.Pid);
        }
    }

    private async Task AddAsync(string @case, string way, bool isDurable, int threads, int round, int divisor, Func<int, int, int> read)
    {
        int count = Count / divisor;
        long before = GC.GetTotalAllocatedBytes(precise: true);
        Measurement measured = await Clockwork.TimeAsync(threads, count, (thread, i) =>
        {
            // A multiplication by an odd number goes through all sandboxes in no order that a cache likes.
            int sandbox = (int)((uint)((i * 733) + (thread * 331)) % Sandboxes);
            return read(thread, sandbox) > 0 ? ValueTask.CompletedTask : throw new InvalidDataException("A document is empty.");
        });
        double allocated = ((GC.GetTotalAllocatedBytes(precise: true) - before) / (double)count) - sizeof(double);
        if (round > 0)
        {
            Table.Add(@case, way, isDurable, threads * 1e6 / measured.PerSecond, measured.PerSecond, measured.P99, allocated);
        }
    }

    private static string Threads(int count) => count == 1 ? "1 thread" : $"{count} threads";
}
