using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Locking;

namespace SafeStore.Log;

/// <summary>log.lock: whoever holds it appends to the log or looks for its end. Held for microseconds, but while a segment is changed.</summary>
internal sealed class LogLock(FileLock fileLock) : IDisposable
{
    private readonly FairLock _threads = new();

    public ValueTask<Hold> AcquireAsync(CancellationToken cancellation) => AcquireAsync(fileLock.DefaultTimeout, cancellation);

    public void Dispose() => fileLock.Dispose();

    private async ValueTask<Hold> AcquireAsync(TimeSpan timeout, CancellationToken cancellation)
    {
        // flock does not tell threads of one open file from each other.
        FairLock.Hold threads = await _threads.EnterAsync(LockMode.Exclusive, timeout, fileLock.Time, cancellation).ConfigureAwait(false)
            ?? throw fileLock.TimedOut(timeout, "this process");
        try
        {
            if (!fileLock.TryAcquireSpinning(LockMode.Exclusive))
            {
                await fileLock.AcquireAsync(LockMode.Exclusive, timeout, cancellation).ConfigureAwait(false);
            }

            return new Hold(fileLock, threads);
        }
        catch
        {
            threads.Dispose();
            throw;
        }
    }

    /// <summary>Proof that log.lock is held: against other processes until <see cref="LetOthersAppend"/>, against other threads until disposed.</summary>
    internal sealed class Hold(FileLock fileLock, FairLock.Hold threads) : IDisposable
    {
        private bool _released;

        public void LetOthersAppend()
        {
            // Never throws: a record that is in the log must still be synced, and what cannot be unlocked now is tried again at the end.
            _released = _released || fileLock.TryRelease();
        }

        public void Dispose()
        {
            try
            {
                LetOthersAppend();
            }
            finally
            {
                threads.Dispose();
            }
        }
    }
}
