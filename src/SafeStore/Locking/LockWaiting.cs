using System;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Locking;

/// <summary>
/// How to wait for a lock of another process: try, and try again with jittered, growing pauses until it is granted, the time is up or
/// the caller cancels. A blocking flock would hold a pool thread each and cannot be timed out.
/// </summary>
internal sealed class LockWaiting : IDisposable
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _closing = new();
    private LockRetries? _retries;

    public LockWaiting(TimeProvider time, TimeSpan defaultTimeout)
    {
        Time = time;
        DefaultTimeout = defaultTimeout;
    }

    /// <summary>Cancelled when the store is being closed: no caller is to wait for a sandbox then.</summary>
    public CancellationToken Closing => _closing.Token;

    public TimeProvider Time { get; }

    public TimeSpan DefaultTimeout { get; }

    public void Close() => _closing.Cancel();

    public void Dispose() => _closing.Dispose();

    /// <summary>Tries until it succeeds; false when the time is up.</summary>
    public ValueTask<bool> TryUntilAsync<TState>(Func<TState, bool> attempt, TState state, TimeSpan timeout, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (attempt(state))
        {
            return ValueTask.FromResult(true);
        }

        return timeout == TimeSpan.Zero ? ValueTask.FromResult(false)
            : Time is ISleepingClock clock ? ValueTask.FromResult(TrySleeping(clock, attempt, state, timeout, cancellation))
            : Retries().TryUntilAsync(attempt, state, timeout, cancellation);
    }

    private LockRetries Retries() =>
        LazyInitializer.EnsureInitialized(ref _retries, () => new LockRetries(Time, s_firstPause, s_longestPause));

    private bool TrySleeping<TState>(
        ISleepingClock clock, Func<TState, bool> attempt, TState state, TimeSpan timeout, CancellationToken cancellation)
    {
        long start = Time.GetTimestamp();
        for (TimeSpan pause = s_firstPause; ; pause = pause < s_longestPause ? pause * 2 : s_longestPause)
        {
            clock.Sleep(pause);
            cancellation.ThrowIfCancellationRequested();
            if (attempt(state))
            {
                return true;
            }

            if (timeout != Timeout.InfiniteTimeSpan && Time.GetElapsedTime(start) >= timeout)
            {
                return false;
            }
        }
    }
}
