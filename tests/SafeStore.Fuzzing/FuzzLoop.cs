using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;

namespace SafeStore.Fuzzing;

/// <summary>Runs a target with inputs made of those that have reached something new.</summary>
internal sealed class FuzzLoop(IFuzzTarget target, Corpus corpus, CoverageMap map, Random random)
{
    private const long BytesMax = 512L * 1024 * 1024;

    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30);

    private readonly List<byte[]> _queue = [];
    private readonly List<byte[]> _answering = [];
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private readonly HashSet<string> _found = new(StringComparer.Ordinal);
    private readonly Mutator _mutator = new(random);

    public long Executions { get; private set; }

    public int Violations => _found.Count;

    /// <summary>How many inputs have reached something new.</summary>
    public int Inputs => _queue.Count;

    /// <summary>Those that have brought a new answer.</summary>
    public IReadOnlyList<byte[]> Answering => _answering;

    /// <summary>The last that have reached something new, which are those that are hard to find.</summary>
    public IEnumerable<byte[]> Last(int count) => _queue.Skip(target.Seeds.Count).TakeLast(count);

    public int Answers => _told.Count;

    public void Run(TimeSpan time)
    {
        var watch = Stopwatch.StartNew();
        foreach (byte[] seed in target.Seeds.Concat(corpus.Read(target).Select(static each => each.Input)))
        {
            Try(seed, always: true);
        }

        while (watch.Elapsed < time)
        {
            byte[] input = _mutator.Mutate(_queue[random.Next(_queue.Count)], _queue);
            if (random.Next(8) != 0)
            {
                target.Seal(input);
            }

            Try(input, always: false);
        }
    }

    private void Try(byte[] input, bool always)
    {
        Executions++;
        map.Begin();
        long before = GC.GetTotalAllocatedBytes();
        bool isNew = false;
        try
        {
            Task<string> run = Task.Run(() => target.Run(input));
            if (!run.Wait(s_longest))
            {
                Environment.FailFast($"{target.Name} hangs: {corpus.Write(target, input)}");
            }

            isNew = _told.Add(run.Result);
            if (isNew)
            {
                _answering.Add(input);
            }
        }
        catch (AggregateException failure) when (failure.InnerException is FuzzViolationException violation)
        {
            Report(input, violation);
        }

        if (GC.GetTotalAllocatedBytes() - before > BytesMax)
        {
            Report(input, new FuzzViolationException($"It took {(GC.GetTotalAllocatedBytes() - before) >> 20} MiB of memory."));
        }

        if (map.End() || isNew || always)
        {
            _queue.Add(input);
        }
    }

    private void Report(byte[] input, FuzzViolationException violation)
    {
        string where = (violation.InnerException ?? violation).StackTrace?.Split('\n')[0].Trim() ?? "";
        if (_found.Add($"{violation.Message.Split(':')[0]} {where}"))
        {
            Console.Error.WriteLine($"{target.Name}: {violation} ({corpus.Write(target, input)})");
        }
    }
}
