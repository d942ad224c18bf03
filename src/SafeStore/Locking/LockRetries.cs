using System;
using System.Threading;
using System.Threading.Tasks;
using Polly;
using Polly.Retry;

namespace SafeStore.Locking;

/// <summary>
/// The pipeline that tries again and again. Made when a caller must wait: most processes never do, and it takes milliseconds to load and
/// build.
/// </summary>
/// <remarks>
/// It is not given the caller's token, nor a time-out of its own: to cancel a pause takes a thread of the pool, which may have none. A
/// caller that is cancelled leaves it, and it ends with its pause.
/// </remarks>
internal sealed class LockRetries
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMilliseconds(50);

    private readonly TimeProvider _time;
    private readonly ResiliencePipeline<bool> _pipeline;

    public LockRetries(TimeProvider time)
    {
        _time = time;
        var builder = new ResiliencePipelineBuilder<bool> { TimeProvider = time };
        _pipeline = builder
            .AddRetry(new RetryStrategyOptions<bool>
            {
                ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome is { Exception: null, Result: false }),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = s_firstPause,
                MaxDelay = s_longestPause,
                DelayGenerator = time is not ISleepingClock clock ? null
                    : arguments => ValueTask.FromResult<TimeSpan?>(Sleep(clock, arguments.AttemptNumber)),
            })
            .Build();
    }

    /// <summary>Tries until it succeeds; false when the time is up.</summary>
    public async ValueTask<bool> TryUntilAsync<TState>(
        Func<TState, bool> attempt, TState state, TimeSpan timeout, CancellationToken cancellation)
    {
        var wait = new Wait<TState>(attempt, state, new Deadline(_time, timeout));
        try
        {
            _ = await _pipeline.ExecuteAsync(
                static (wait, _) => ValueTask.FromResult(wait.TryEnd()), wait, CancellationToken.None)
                .AsTask().WaitAsync(cancellation).ConfigureAwait(false);
            return wait.HasSucceeded;
        }
        catch (OperationCanceledException)
        {
            return wait.Leave() ? true : throw new OperationCanceledException(cancellation);
        }
    }

    /// <summary>A simulation has no other thread on which a pause could end: it sleeps through it, without chance.</summary>
    private static TimeSpan Sleep(ISleepingClock clock, int attempts)
    {
        TimeSpan pause = s_firstPause * Math.Pow(2, Math.Min(attempts, 10));
        clock.Sleep(pause < s_longestPause ? pause : s_longestPause);
        return TimeSpan.Zero;
    }

    private sealed class Wait<TState>(Func<TState, bool> attempt, TState state, Deadline deadline)
    {
        private readonly Lock _gate = new();
        private bool _hasEnded;

        public bool HasSucceeded { get; private set; }

        /// <summary>Tries once more, unless the caller has left; true if that was the last time.</summary>
        public bool TryEnd()
        {
            lock (_gate)
            {
                HasSucceeded = HasSucceeded || (!_hasEnded && attempt(state));
                _hasEnded = _hasEnded || HasSucceeded || deadline.Remaining == TimeSpan.Zero;
                return _hasEnded;
            }
        }

        /// <summary>Tries no more; true if it has succeeded by now.</summary>
        public bool Leave()
        {
            lock (_gate)
            {
                _hasEnded = true;
                return HasSucceeded;
            }
        }
    }
}
