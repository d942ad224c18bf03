using System;
using System.Threading;
using System.Threading.Tasks;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace SafeStore.Locking;

/// <summary>
/// How to wait for a lock of another process: try, and try again with jittered, growing pauses until it is granted, the time is up or
/// the caller cancels. A blocking flock would hold a pool thread each and cannot be timed out.
/// </summary>
internal sealed class LockWaiting : IDisposable
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMilliseconds(50);
    private static readonly ResiliencePropertyKey<TimeSpan> s_timeout = new("SafeStore.LockTimeout");

    private readonly ResiliencePipeline<bool> _pipeline;
    private readonly CancellationTokenSource _closing = new();

    public LockWaiting(TimeProvider time, TimeSpan defaultTimeout)
    {
        Time = time;
        DefaultTimeout = defaultTimeout;
        var builder = new ResiliencePipelineBuilder<bool> { TimeProvider = time };
        _pipeline = builder
            .AddTimeout(new TimeoutStrategyOptions
            {
                TimeoutGenerator = static arguments => ValueTask.FromResult(arguments.Context.Properties.GetValue(s_timeout, Timeout.InfiniteTimeSpan)),
            })
            .AddRetry(new RetryStrategyOptions<bool>
            {
                ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome is { Exception: null, Result: false }),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = s_firstPause,
                MaxDelay = s_longestPause,
            })
            .Build();
    }

    /// <summary>Cancelled when the store is being closed: nobody is to wait for a sandbox then.</summary>
    public CancellationToken Closing => _closing.Token;

    public TimeProvider Time { get; }

    public TimeSpan DefaultTimeout { get; }

    public void Close() => _closing.Cancel();

    public void Dispose() => _closing.Dispose();

    /// <summary>Tries until it succeeds; false when the time is up.</summary>
    public async ValueTask<bool> TryUntilAsync<TState>(Func<TState, bool> attempt, TState state, TimeSpan timeout, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (attempt(state))
        {
            return true;
        }

        if (timeout == TimeSpan.Zero)
        {
            return false;
        }

        if (Time is ISleepingClock clock)
        {
            return TrySleeping(clock, attempt, state, timeout, cancellation);
        }

        ResilienceContext context = ResilienceContextPool.Shared.Get(cancellation);
        try
        {
            context.Properties.Set(s_timeout, timeout);
            return await _pipeline.ExecuteAsync(
                static (context, state) =>
                {
                    context.CancellationToken.ThrowIfCancellationRequested();
                    return ValueTask.FromResult(state.attempt(state.state));
                },
                context,
                (attempt, state)).ConfigureAwait(false);
        }
        catch (TimeoutRejectedException)
        {
            return false;
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private bool TrySleeping<TState>(ISleepingClock clock, Func<TState, bool> attempt, TState state, TimeSpan timeout, CancellationToken cancellation)
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
