using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Threads;

/// <summary>
/// The system's time and pool for waiters. Callers that block may hold all threads of the pool, and the runtime's timers fire on the
/// pool: time-outs and grants would never reach them. Here timers come from a thread of its own, and what the pool has not come to after a
/// while gets another one.
/// </summary>
internal sealed class StarvationGuard : TimeProvider, IDisposable
{
    /// <summary>How long the pool may take.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(100);

    private readonly object _gate = new(); // its thread sleeps in it
    private readonly SortedSet<Timer> _timers = new(Comparer<Timer>.Create(
        static (one, other) => (one.Due, one.Number).CompareTo((other.Due, other.Number))));

    private readonly Queue<(long Until, Continuation What)> _queued = new();
    private Thread? _thread;
    private long _wakesAt;
    private long _timersMade;
    private bool _isDisposed;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (_gate)
        {
            var timer = new Timer(this, callback, state, ++_timersMade);
            return TryStart() && timer.Change(dueTime, period) ? timer : System.CreateTimer(callback, state, dueTime, period);
        }
    }

    /// <summary>Lets it go on, on the pool or, if that has no thread for it, on one of its own.</summary>
    public void Queue(Continuation what)
    {
        _ = ThreadPool.UnsafeQueueUserWorkItem(what, preferLocal: false);
        try
        {
            lock (_gate)
            {
                long until = GetTimestamp() + Ticks(s_patience);
                _queued.Enqueue((until, what));
                if (TryStart())
                {
                    WakeBy(until);
                }
            }
        }
        catch (OutOfMemoryException)
        {
            // The pool has it.
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            Monitor.Pulse(_gate);
        }

        _thread?.Join();
    }

    private bool TryStart()
    {
        try
        {
            if (_thread is null && !_isDisposed)
            {
                var thread = new Thread(Run) { IsBackground = true, Name = "SafeStore waits" };
                thread.UnsafeStart();
                _thread = thread;
            }

            return !_isDisposed;
        }
        catch (Exception failure) when (failure is OutOfMemoryException or ThreadStartException)
        {
            return false;
        }
    }

    private void WakeBy(long time)
    {
        if (time < _wakesAt)
        {
            _wakesAt = time;
            Monitor.Pulse(_gate);
        }
    }

    private void Run()
    {
        lock (_gate)
        {
            while (!_isDisposed)
            {
                long now = GetTimestamp();
                while (_timers.Min is { } timer && timer.Due <= now)
                {
                    timer.Fire(now);
                }

                (long Until, Continuation What) oldest;
                while (_queued.TryPeek(out oldest) && (oldest.What.IsTaken || oldest.Until <= now))
                {
                    _ = _queued.Dequeue();
                    if (!oldest.What.IsTaken && !TryRunApart(oldest.What))
                    {
                        _queued.Enqueue((now + Ticks(s_patience), oldest.What));
                        break;
                    }
                }

                _wakesAt = Math.Min(_timers.Min?.Due ?? long.MaxValue, _queued.TryPeek(out oldest) ? oldest.Until : long.MaxValue);
                TimeSpan pause = _wakesAt == long.MaxValue ? Timeout.InfiniteTimeSpan : GetElapsedTime(now, _wakesAt);
                _ = Monitor.Wait(_gate, pause < TimeSpan.Zero ? pause : TimeSpan.FromMilliseconds(Math.Ceiling(pause.TotalMilliseconds)));
            }
        }
    }

    /// <summary>Whatever goes on may block its thread: each gets its own.</summary>
    private static bool TryRunApart(Continuation what)
    {
        try
        {
            new Thread(what.Execute) { IsBackground = true, Name = "SafeStore goes on" }.UnsafeStart();
            return true;
        }
        catch (Exception failure) when (failure is OutOfMemoryException or ThreadStartException)
        {
            return false;
        }
    }

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * System.TimestampFrequency);

    private sealed class Timer(StarvationGuard guard, TimerCallback callback, object? state, long number) : ITimer
    {
        private TimeSpan _period;

        public long Number => number;

        public long Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (guard._gate)
            {
                _ = guard._timers.Remove(this);
                _period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = guard.GetTimestamp() + Ticks(dueTime);
                    _ = guard._timers.Add(this);
                    guard.WakeBy(Due);
                }

                return !guard._isDisposed;
            }
        }

        public void Fire(long now)
        {
            _ = guard._timers.Remove(this);
            if (_period > TimeSpan.Zero)
            {
                Due = now + Ticks(_period);
                _ = guard._timers.Add(this);
            }

            guard.Queue(new Firing(callback, state));
        }

        public void Dispose()
        {
            lock (guard._gate)
            {
                _ = guard._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Firing(TimerCallback callback, object? state) : Continuation
    {
        protected override void Run() => callback(state);
    }
}
