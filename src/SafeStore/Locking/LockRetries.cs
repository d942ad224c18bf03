using System;
using System.Threading;
using System.Threading.Tasks;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace SafeStore.Locking;

/// <summary>
/// The pipeline that tries again and again. Made when a caller must wait: most processes never do, and it takes milliseconds to load and
/// build.
/// </summary>
internal sealed class LockRetries
{
    private static readonly ResiliencePropertyKey<TimeSpan> s_timeout = new("SafeStore.LockTimeout");

    private readonly ResiliencePipeline<bool> _pipeline;

    public LockRetries(TimeProvider time, TimeSpan firstPause, TimeSpan longestPause)
    {
        var builder = new ResiliencePipelineBuilder<bool> { TimeProvider = time };
        _pipeline = builder
            .AddTimeout(new TimeoutStrategyOptions
            {
                TimeoutGenerator = static arguments =>
                    ValueTask.FromResult(arguments.Context.Properties.GetValue(s_timeout, Timeout.InfiniteTimeSpan)),
            })
            .AddRetry(new RetryStrategyOptions<bool>
            {
                ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome is { Exception: null, Result: false }),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = firstPause,
                MaxDelay = longestPause,
            })
            .Build();
    }

    /// <summary>Tries until it succeeds; false when the time is up.</summary>
    public async ValueTask<bool> TryUntilAsync<TState>(
        Func<TState, bool> attempt, TState state, TimeSpan timeout, CancellationToken cancellation)
    {
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
}
