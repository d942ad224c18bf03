using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Locking;

namespace SafeStore.Checkpoint;

/// <summary>One checkpoint at a time, of all processes: a gate of this process, then a byte of the anchor.</summary>
internal sealed class CheckpointLock(StoreAnchor anchor, LockWaiting waiting)
{
    private readonly FairLock _threads = new();
    private readonly FileLock _file = anchor.LockOf(StoreLock.Checkpoint);

    public TimeProvider Time => waiting.Time;

    /// <summary>Null if another checkpoint is under way for longer than that.</summary>
    public async ValueTask<Hold?> TryAcquireAsync(TimeSpan timeout, CancellationToken cancellation)
    {
        var deadline = new Deadline(waiting.Time, timeout);
        if (await _threads.EnterAsync(LockMode.Exclusive, timeout, waiting, cancellation).ConfigureAwait(false) is not { } threads)
        {
            return null;
        }

        bool isHeld = false;
        try
        {
            isHeld = await waiting.TryUntilAsync(
                static file => file.TryAcquire(LockMode.Exclusive), _file, deadline.Remaining, cancellation).ConfigureAwait(false);
            return isHeld ? new Hold(_file, threads) : null;
        }
        finally
        {
            if (!isHeld)
            {
                threads.Dispose();
            }
        }
    }

    /// <summary>Proof that it is held.</summary>
    internal sealed class Hold(FileLock file, FairLock.Hold threads) : IDisposable
    {
        public void Dispose()
        {
            try
            {
                _ = file.TryRelease();
            }
            finally
            {
                threads.Dispose();
            }
        }
    }
}
