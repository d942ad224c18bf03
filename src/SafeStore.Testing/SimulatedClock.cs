using System;
using System.Collections.Generic;
using System.Threading;
using SafeStore.Locking;

namespace SafeStore.Testing;

/// <summary>
/// The time of a simulated machine, as one of its processes sees it: it stands still until a process sleeps or moves it on. Give it to
/// <see cref="StoreOptions.TimeProvider"/> in a simulation: a wait for another process's lock is then a sleep on the caller's thread, in no
/// real time.
/// </summary>
public sealed class SimulatedClock : TimeProvider, ISleepingClock
{
    private readonly SimulatedMachine _machine;
    private readonly SimulatedProcess? _process;

    internal SimulatedClock(SimulatedMachine machine, SimulatedProcess? process) => (_machine, _process) = (machine, process);

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _machine.Timers.Now;

    /// <inheritdoc/>
    public override long GetTimestamp() => _machine.Timers.Now.Ticks;

    /// <inheritdoc/>
    /// <remarks>The timer dies with its process.</remarks>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        return _machine.Timers.Create(_process, callback, state, dueTime, period);
    }

    /// <summary>Moves the time on; timers that become due run on the caller's thread, in the order of their times.</summary>
    /// <param name="duration">How far; zero runs what is due now.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public void Advance(TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.Zero);
        _machine.Timers.AdvanceTo(_machine.Timers.Now + duration);
    }

    /// <summary>Lets time pass and the other processes run (see <see cref="SimulatedMachine.RunConcurrently"/>).</summary>
    /// <param name="duration">How long.</param>
    /// <exception cref="SimulatedCrashException">The process was killed meanwhile.</exception>
    public void Sleep(TimeSpan duration) => _machine.Sleep(_process, duration);
}

/// <summary>The timers of a machine and its time.</summary>
internal sealed class SimulatedTimers
{
    private readonly Lock _gate = new();
    private readonly List<Timer> _timers = [];
    private long _created;
    private long _ticks = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    public DateTimeOffset Now
    {
        get => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);
        private set => Interlocked.Exchange(ref _ticks, value.Ticks);
    }

    public ITimer Create(SimulatedProcess? owner, TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (_gate)
        {
            var timer = new Timer(this, owner, callback, state, ++_created);
            _ = timer.Change(dueTime, period);
            return timer;
        }
    }

    public void AdvanceTo(DateTimeOffset time)
    {
        while (TakeDue(time) is { } timer)
        {
            timer.Fire();
        }

        lock (_gate)
        {
            Now = time > Now ? time : Now;
        }
    }

    public void RemoveOf(SimulatedProcess process)
    {
        lock (_gate)
        {
            _timers.RemoveAll(timer => timer.Owner == process);
        }
    }

    private Timer? TakeDue(DateTimeOffset until)
    {
        lock (_gate)
        {
            Timer? first = null;
            foreach (Timer timer in _timers)
            {
                if (timer.Due <= until && timer.Owner is not { IsPaused: true }
                    && (first is null || (timer.Due, timer.Number).CompareTo((first.Due, first.Number)) < 0))
                {
                    first = timer;
                }
            }

            if (first is not null)
            {
                Now = first.Due > Now ? first.Due : Now;
                first.Next(Now);
            }

            return first;
        }
    }

    private sealed class Timer(SimulatedTimers timers, SimulatedProcess? owner, TimerCallback callback, object? state, long number) : ITimer
    {
        private TimeSpan _period;

        public SimulatedProcess? Owner { get; } = owner;

        public long Number { get; } = number;

        public DateTimeOffset Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (timers._gate)
            {
                timers._timers.Remove(this);
                _period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = timers.Now + dueTime;
                    timers._timers.Add(this);
                }

                return true;
            }
        }

        public void Next(DateTimeOffset now)
        {
            timers._timers.Remove(this);
            if (_period > TimeSpan.Zero)
            {
                Due = now + _period;
                timers._timers.Add(this);
            }
        }

        public void Fire()
        {
            try
            {
                callback(state);
            }
            catch (SimulatedCrashException)
            {
                // Its process was killed in it, and not the one that lets the time pass.
            }
        }

        public void Dispose()
        {
            lock (timers._gate)
            {
                timers._timers.Remove(this);
            }
        }

        public System.Threading.Tasks.ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
