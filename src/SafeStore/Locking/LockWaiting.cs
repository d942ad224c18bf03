using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Threads;

namespace SafeStore.Locking;

/// <summary>
/// How to wait for a lock of another process: try, and try again with jittered, growing pauses until it is granted, the time is up or
/// the caller cancels. A blocking flock would hold a pool thread each and cannot be timed out.
/// </summary>
/// <remarks>
/// With the system's clock, nothing that a wait needs runs on the pool alone: callers that block may hold all of its threads.
/// </remarks>
internal sealed class LockWaiting : IDisposable
{
    private readonly CancellationTokenSource _closing = new();
    private LockRetries? _retries;

    public LockWaiting(TimeProvider time, TimeSpan defaultTimeout)
    {
        Guard = time == TimeProvider.System ? new StarvationGuard() : null;
        Time = Guard ?? time;
        DefaultTimeout = defaultTimeout;
    }

    /// <summary>Lets waiters go on; null with another clock than the system's.</summary>
    public StarvationGuard? Guard { get; }

    /// <summary>Cancelled when the store is being closed: no caller is to wait for a sandbox then.</summary>
    public CancellationToken Closing => _closing.Token;

    public TimeProvider Time { get; }

    public TimeSpan DefaultTimeout { get; }

    public void Close() => _closing.Cancel();

    public void Dispose()
    {
        _closing.Dispose();
        Guard?.Dispose();
    }

    /// <summary>Tries until it succeeds; false when the time is up.</summary>
    public ValueTask<bool> TryUntilAsync<TState>(Func<TState, bool> attempt, TState state, TimeSpan timeout, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (attempt(state))
        {
            return ValueTask.FromResult(true);
        }

        return timeout == TimeSpan.Zero ? ValueTask.FromResult(false)
            : LazyInitializer.EnsureInitialized(ref _retries, () => new LockRetries(Time))
                .TryUntilAsync(attempt, state, timeout, cancellation);
    }
}
