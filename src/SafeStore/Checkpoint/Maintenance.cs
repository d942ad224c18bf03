using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Diagnostics;
using SafeStore.Log;
using SafeStore.Threads;

namespace SafeStore.Checkpoint;

/// <summary>
/// Background work: a spare segment before it is needed, a checkpoint when the log is long or the interval has passed, and one more, of the
/// current segment too, when nothing was committed for an interval. Driven by a timer, so that a test's clock decides when. What fails is
/// logged and tried again at the next turn.
/// </summary>
internal sealed class Maintenance : IAsyncDisposable
{
    private readonly CommitLog _log;
    private readonly Checkpointer _checkpointer;
    private readonly StoreOptions _options;
    private readonly EngineEvents _events;
    private readonly ITimer _timer;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private int _isNudged;
    private Lsn _seen; // at the last turn by the clock
    private Lsn _atRest; // up to here all is checkpointed, or its sandboxes keep it from that
    private volatile bool _isDisposed;

    public Maintenance(CommitLog log, Checkpointer checkpointer, StoreOptions options, EngineEvents events)
    {
        _log = log;
        _checkpointer = checkpointer;
        _options = options;
        _events = events;
        _timer = options.TimeProvider.CreateTimer(
            static state => _ = ((Maintenance)state!).TakeTurnAsync(), this, options.CheckpointInterval, options.CheckpointInterval);
    }

    /// <summary>Lets the next turn come at once.</summary>
    public void Nudge()
    {
        if (Interlocked.Exchange(ref _isNudged, 1) == 0)
        {
            _ = _timer.Change(TimeSpan.Zero, _options.CheckpointInterval);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        await _timer.DisposeAsync().ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _turn.WaitAsync().ConfigureAwait(false);
        _turn.Dispose();
        _stop.Dispose();
    }

    private async Task TakeTurnAsync()
    {
        bool isTimed = true;
        do
        {
            if (_isDisposed || !_turn.Wait(0))
            {
                return; // the thread that works looks for a nudge once more after it has left
            }

            try
            {
                bool isNudged = Interlocked.Exchange(ref _isNudged, 0) == 1;
                await WorkAsync(isNudged || !isTimed).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return; // the store is being closed
            }
            catch (Exception failure) when (failure is SafeStoreException or ObjectDisposedException)
            {
                _events.BackgroundFailed("maintenance", failure);
            }
            finally
            {
                _turn.Release();
            }

            isTimed = false;
        }
        while (Volatile.Read(ref _isNudged) == 1);
    }

    private async ValueTask WorkAsync(bool isNudged)
    {
        bool lacksSpace = false;
        if (!_log.Directory.HasSpare())
        {
            try
            {
                using var apart = new ParallelCalls(_log.Directory.FileSystem.SyncsSideBySide);
                await apart.RunAsync(_log.Directory.PrepareSpare).ConfigureAwait(false);
            }
            catch (StorageException failure)
            {
                lacksSpace = true; // a checkpoint gives a segment back
                _events.BackgroundFailed("prepare a log segment", failure);
            }
        }

        if (!isNudged && await IsQuietAsync().ConfigureAwait(false))
        {
            // of all processes that have it open, the first one to come here has something to seal
            Lsn? done = await _checkpointer.RunAsync(CheckpointExtent.WholeLog, TimeSpan.Zero, _stop.Token).ConfigureAwait(false);
            _atRest = done is null ? _atRest : _seen;
            return;
        }

        long sealedBytes = (_log.Directory.List().Count - 1) * _options.SegmentBytes;
        bool isDue = lacksSpace || !isNudged;
        if (sealedBytes > 0 && (isDue || sealedBytes >= _options.LogBytesMax))
        {
            _ = await _checkpointer.RunAsync(CheckpointExtent.SealedSegments, TimeSpan.Zero, _stop.Token).ConfigureAwait(false);
        }
    }

    /// <summary>Whether there is something in the log, and no process has added to it since the last turn.</summary>
    private async ValueTask<bool> IsQuietAsync()
    {
        using LogLock.Hold hold = await _log.LockAsync(_stop.Token).ConfigureAwait(false);
        Lsn last = _log.LastLsn(hold);
        bool isQuiet = last == _seen && last > _atRest && !_log.Faults.IsFaulted;
        _seen = last;
        return isQuiet;
    }
}
