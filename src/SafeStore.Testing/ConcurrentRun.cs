using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Testing;

/// <summary>What one process does in a concurrent run.</summary>
/// <param name="Process">The process.</param>
/// <param name="RunAsync">Its code.</param>
public sealed record ConcurrentWork(SimulatedProcess Process, Func<ValueTask> RunAsync);

/// <summary>
/// Several processes, each on a thread of its own, of which exactly one runs at any time: at each call the one that runs hands over to one
/// that follows from the seed. So the order of all calls is the same in each run.
/// </summary>
internal sealed class ConcurrentRun(SimulatedMachine machine, ulong seed) : IDisposable
{
    private readonly Randomness _random = new(seed);
    private readonly List<Flow> _flows = [];
    private readonly ThreadLocal<Flow?> _current = new();
    private readonly ManualResetEventSlim _allEnded = new();
    private readonly List<Exception> _failures = [];

    public void Run(IReadOnlyList<ConcurrentWork> work)
    {
        if (work.Count == 0)
        {
            return;
        }

        _flows.AddRange(work.Select(static each => new Flow(each)));
        foreach (Flow flow in _flows)
        {
            flow.Thread = new Thread(() => Run(flow)) { IsBackground = true, Name = flow.Work.Process.Name };
            flow.Thread.Start();
        }

        HandOver();
        _allEnded.Wait();
        _flows.ForEach(static flow => flow.Thread!.Join());
        if (_failures.Count > 0)
        {
            throw new AggregateException(_failures);
        }
    }

    public void Dispose()
    {
        _current.Dispose();
        _allEnded.Dispose();
        _flows.ForEach(static flow => flow.Turn.Dispose());
    }

    /// <summary>Lets another go on, perhaps. Without effect for threads that have no part in the run.</summary>
    public void Switch()
    {
        if (_current.Value is { } flow)
        {
            Pause(flow);
        }
    }

    /// <summary>Lets others go on until the time has passed; false for threads that have no part in the run.</summary>
    public bool Sleep(TimeSpan duration)
    {
        if (_current.Value is not { } flow)
        {
            return false;
        }

        flow.WakesAt = machine.Timers.Now + duration;
        Pause(flow);
        return flow.Work.Process.IsAlive ? true : throw new SimulatedCrashException();
    }

    private void Run(Flow flow)
    {
        _current.Value = flow;
        flow.Turn.Wait();
        try
        {
            ValueTask task = flow.Work.RunAsync();
            if (!task.IsCompleted)
            {
                throw new InvalidOperationException(
                    $"The simulated {flow.Work.Process} waits for something outside the simulation; it may await only its own clock.");
            }

#pragma warning disable CA1849 // it has ended: this only brings its exception here
            task.GetAwaiter().GetResult();
#pragma warning restore CA1849
        }
        catch (SimulatedCrashException)
        {
            // It was killed: that is its end, not a failure.
        }
#pragma warning disable CA1031 // handed to the caller that started the run
        catch (Exception failure)
        {
            _failures.Add(failure);
        }
#pragma warning restore CA1031
        finally
        {
            flow.HasEnded = true;
            HandOver();
        }
    }

    private void Pause(Flow flow)
    {
        HandOver();
        flow.Turn.Wait();
    }

    private void HandOver()
    {
        List<Flow> ready = Ready();
        while (ready.Count == 0)
        {
            List<Flow> asleep = _flows.FindAll(static flow => !flow.HasEnded);
            if (asleep.Count == 0)
            {
                _allEnded.Set();
                return;
            }

            Advance(asleep.Min(static flow => flow.WakesAt));
            ready = Ready();
        }

        ready[_random.Next(ready.Count)].Turn.Release();
    }

    /// <summary>
    /// Timers that become due run on this thread; it has no flow meanwhile, since their calls must not hand over: it is being handed over
    /// already.
    /// </summary>
    private void Advance(DateTimeOffset time)
    {
        Flow? flow = _current.Value;
        _current.Value = null;
        try
        {
            machine.Timers.AdvanceTo(time);
        }
#pragma warning disable CA1031 // handed to the caller that started the run
        catch (Exception failure)
        {
            _failures.Add(failure);
        }
#pragma warning restore CA1031
        finally
        {
            _current.Value = flow;
        }
    }

    /// <summary>Those that can go on; who was killed in its sleep does so at once, to its end.</summary>
    private List<Flow> Ready() =>
        _flows.FindAll(flow => !flow.HasEnded && (flow.WakesAt <= machine.Timers.Now || !flow.Work.Process.IsAlive));

    private sealed class Flow(ConcurrentWork work)
    {
        public ConcurrentWork Work { get; } = work;

        public SemaphoreSlim Turn { get; } = new(0);

        public Thread? Thread { get; set; }

        public DateTimeOffset WakesAt { get; set; }

        public bool HasEnded { get; set; }
    }
}
