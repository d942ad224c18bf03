using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Threads;

/// <summary>
/// Does many independent things of one kind, some at the same time if the filesystem is worth it. Blocking threads of its own, not the
/// pool's: they live as long as a recovery or a checkpoint, and what they do is system calls.
/// </summary>
/// <param name="threadsMax">How many threads, the caller's among them.</param>
internal sealed class ParallelCalls(int threadsMax) : IDisposable
{
    private readonly List<Thread> _helpers = [];
    private readonly BlockingCollection<Turns> _work = [];

    /// <summary>
    /// Calls a body for each number below a count. A failure is the one that calls in order would have met: numbers are taken in
    /// order and none is abandoned, so whatever comes before the first failed one has been done. One caller at a time.
    /// </summary>
    /// <param name="count">How many calls.</param>
    /// <param name="leastPerThread">A thread for fewer of them costs more than it brings.</param>
    /// <param name="body">What to do; any thread calls it.</param>
    public void ForEach(int count, int leastPerThread, Action<int> body)
    {
        int threads = 1 + HelpersFor(Math.Min(threadsMax, count / leastPerThread) - 1);
        if (threads == 1)
        {
            for (int number = 0; number < count; number++)
            {
                body(number);
            }

            return;
        }

        using var turns = new Turns(count, threads, body, completion: null);
        for (int helper = 1; helper < threads; helper++)
        {
            _work.Add(turns);
        }

        turns.Take();
        turns.WaitForAll();
        turns.ThrowIfFailed();
    }

    /// <summary>
    /// As <see cref="ForEach"/>, but on threads of its own only, while the caller's does something else: a thread of the pool that is
    /// blocked keeps from running what was queued on it. On a filesystem that is not worth a second thread, everything is done when this
    /// returns.
    /// </summary>
    /// <param name="count">How many calls.</param>
    /// <param name="body">What to do; any thread calls it.</param>
    public Task ForEachAsync(int count, Action<int> body)
    {
        int threads = threadsMax <= 1 ? 0 : HelpersFor(Math.Min(threadsMax, count));
        if (threads == 0)
        {
            ForEach(count, leastPerThread: int.MaxValue, body);
            return Task.CompletedTask;
        }

        var completion = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var turns = new Turns(count, threads, body, completion);
        for (int helper = 0; helper < threads; helper++)
        {
            _work.Add(turns);
        }

        return completion.Task;
    }

    /// <summary>Does one thing as <see cref="ForEachAsync"/> does several.</summary>
    /// <param name="body">What to do.</param>
    public Task RunAsync(Action body) => ForEachAsync(1, _ => body());

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        _work.CompleteAdding();
        _helpers.ForEach(static helper => helper.Join());
        _work.Dispose();
    }

    /// <summary>
    /// So many helpers, or as many as the system gives threads for: before any work is handed out, which could not be taken back.
    /// </summary>
    private int HelpersFor(int wanted)
    {
        try
        {
            while (_helpers.Count < wanted)
            {
                var helper = new Thread(Help) { IsBackground = true, Name = "SafeStore calls" };
                helper.UnsafeStart();
                _helpers.Add(helper);
            }
        }
        catch (Exception failure) when (failure is OutOfMemoryException or ThreadStartException)
        {
            // The limit of processes, most likely: fewer do it too.
        }

        return Math.Clamp(wanted, 0, _helpers.Count);
    }

    private void Help()
    {
        foreach (Turns turns in _work.GetConsumingEnumerable())
        {
            turns.Take();
        }
    }

    private sealed class Turns(int count, int threads, Action<int> body, TaskCompletionSource? completion) : IDisposable
    {
        private readonly Lock _gate = new();
        private readonly CountdownEvent _threads = new(threads);
        private int _taken;
        private int _end = count;
        private Exception? _failure;

        public void Take()
        {
            while (Interlocked.Increment(ref _taken) - 1 is var number && number < Volatile.Read(ref _end))
            {
                try
                {
                    body(number);
                }
                catch (Exception failure) when (Keep(number, failure))
                {
                    // The first one is thrown where all come together; who has taken a lower number may yet fail too.
                }
            }

            if (_threads.Signal())
            {
                Complete();
            }
        }

        public void WaitForAll() => _threads.Wait();

        public void ThrowIfFailed()
        {
            if (_failure is not null)
            {
                ExceptionDispatchInfo.Throw(_failure);
            }
        }

        public void Dispose() => _threads.Dispose();

        private void Complete()
        {
            if (_failure is null)
            {
                completion?.SetResult();
            }
            else
            {
                completion?.SetException(_failure);
            }
        }

        private bool Keep(int number, Exception failure)
        {
            lock (_gate)
            {
                if (number < _end)
                {
                    _failure = failure;
                    Volatile.Write(ref _end, number);
                }
            }

            return true;
        }
    }
}
