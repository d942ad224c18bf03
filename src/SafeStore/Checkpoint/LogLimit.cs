using System.Globalization;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Locking;
using SafeStore.Log;

namespace SafeStore.Checkpoint;

/// <summary>
/// The bound of the log: at twice its limit a commit waits for a checkpoint, and is refused if that has not made room.
/// </summary>
internal sealed class LogLimit(CommitLog log, Checkpointer checkpointer, LockWaiting waiting)
{
    private readonly FairLock _turn = new();

    /// <summary>For a commit that has found the log too long.</summary>
    /// <exception cref="LogFullException">There is no room: it says what is in the way.</exception>
    public async ValueTask AdmitAsync(CancellationToken cancellation)
    {
        using FairLock.Hold? turn = await _turn.EnterAsync(LockMode.Exclusive, waiting.DefaultTimeout, waiting, cancellation)
            .ConfigureAwait(false);
        if (!await MeasureIsTooLongAsync(cancellation).ConfigureAwait(false))
        {
            return;
        }

        Lsn? done = await checkpointer.RunAsync(CheckpointExtent.SealedSegments, waiting.DefaultTimeout, cancellation)
            .ConfigureAwait(false);
        bool isTooLong = await MeasureIsTooLongAsync(cancellation).ConfigureAwait(false);
        if (isTooLong && done is not null && checkpointer.Obstacle is null)
        {
            // one large transaction has made the current segment as long as that
            done = await checkpointer.RunAsync(CheckpointExtent.WholeLog, waiting.DefaultTimeout, cancellation).ConfigureAwait(false);
            isTooLong = await MeasureIsTooLongAsync(cancellation).ConfigureAwait(false);
        }

        if (isTooLong)
        {
            string limit = log.Directory.BytesMax.ToString(CultureInfo.InvariantCulture);
            throw new LogFullException(
                log.Directory.Path, limit,
                done is not null ? checkpointer.Obstacle ?? "transactions are committed faster than they are checkpointed"
                : "a checkpoint of another process is under way");
        }
    }

    private async ValueTask<bool> MeasureIsTooLongAsync(CancellationToken cancellation)
    {
        using LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false);
        return log.MeasureIsTooLong(hold);
    }
}
