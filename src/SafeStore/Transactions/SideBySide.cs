using System;
using System.Runtime.ExceptionServices;
using System.Threading;

namespace SafeStore.Transactions;

/// <summary>
/// Does many independent things of one kind, some at the same time if the filesystem is worth it. Blocking threads of its own, not the pool's: they live as long
/// as the opening of a store, and what they do is system calls.
/// </summary>
internal static class SideBySide
{
    /// <summary>A thread for fewer than these costs more than it brings.</summary>
    private const int LeastPerThread = 64;

    /// <summary>
    /// Calls a body for each number below a count. A failure is the one that calls in order would have met: numbers are taken in
    /// order and none is abandoned, so whatever comes before the first failed one has been done.
    /// </summary>
    /// <param name="threadsMax">How many threads, the caller's among them.</param>
    /// <param name="count">How many calls.</param>
    /// <param name="body">What to do; any thread calls it.</param>
    public static void ForEach(int threadsMax, int count, Action<int> body)
    {
        int threads = Math.Min(threadsMax, count / LeastPerThread);
        if (threads <= 1)
        {
            for (int number = 0; number < count; number++)
            {
                body(number);
            }

            return;
        }

        var turns = new Turns(count, body);
        var helpers = new Thread[threads - 1];
        for (int i = 0; i < helpers.Length; i++)
        {
            helpers[i] = new Thread(static state => ((Turns)state!).Take()) { IsBackground = true, Name = "SafeStore recovery" };
            helpers[i].Start(turns);
        }

        turns.Take();
        foreach (Thread helper in helpers)
        {
            helper.Join();
        }

        turns.ThrowIfFailed();
    }

    private sealed class Turns(int count, Action<int> body)
    {
        private readonly Lock _gate = new();
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
        }

        public void ThrowIfFailed()
        {
            if (_failure is not null)
            {
                ExceptionDispatchInfo.Throw(_failure);
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
