using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Locking;

namespace SafeStore.Log;

/// <summary>
/// The log lock: its holder appends to the log or looks for its end. Held for microseconds, but while a segment is changed.
/// </summary>
internal sealed class LogLock(SharedLock turn)
{
    private const int SleepsMax = 20;

    private readonly FairLock _threads = new();

    public ValueTask<Hold> AcquireAsync(CancellationToken cancellation) => AcquireAsync(turn.File.Waiting.DefaultTimeout, cancellation);

    private async ValueTask<Hold> AcquireAsync(TimeSpan timeout, CancellationToken cancellation)
    {
        // A lock does not tell threads of one open file from each other.
        LockWaiting waiting = turn.File.Waiting;
        FairLock.Hold threads = await _threads.EnterAsync(LockMode.Exclusive, timeout, waiting, cancellation).ConfigureAwait(false)
            ?? throw turn.File.TimedOut(timeout, "this process");
        try
        {
            if (!TryAcquire())
            {
                // Its holder changes the segment, or has been stopped.
                if (!await turn.File.TryAcquireAsync(LockMode.Exclusive, timeout, cancellation).ConfigureAwait(false))
                {
                    throw turn.File.TimedOut(timeout, null);
                }
            }

            return new Hold(turn, threads);
        }
        catch
        {
            threads.Dispose();
            throw;
        }
    }

    private bool TryAcquire()
    {
        if (turn.File.TryAcquireSpinning(LockMode.Exclusive))
        {
            return true;
        }

        for (int sleeps = 0; sleeps < SleepsMax; sleeps++)
        {
            if (turn.TryAcquireOrSleep())
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Proof that the log lock is held: against other processes until <see cref="LetOthersAppend"/>, against other threads until disposed.
    /// </summary>
    internal sealed class Hold(SharedLock turn, FairLock.Hold threads) : IDisposable
    {
        private bool _released;

        public void LetOthersAppend()
        {
            // Never throws: a record that is in the log must still be synced, and what cannot be unlocked now is tried again at the end.
            _released = _released || turn.TryRelease();
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

/// <summary>
/// A lock between processes that is held for less time than a pause by the clock would take. A byte lock does not tell that it has become
/// free: a process that finds it held says so in a shared word and sleeps on that word; the process that releases it wakes them.
/// </summary>
/// <remarks>
/// The byte lock alone decides; a word that is wrong, or a holder that died without waking a waiter, costs at most one sleep.
/// </remarks>
internal sealed class SharedLock(FileLock fileLock, SharedState shared, SharedWord waiting)
{
    private static readonly TimeSpan s_sleep = TimeSpan.FromMilliseconds(1);

    public FileLock File => fileLock;

    public bool TryAcquire() => fileLock.TryAcquire(LockMode.Exclusive);

    /// <summary>Takes the lock, or sleeps until it is released, for a millisecond at most, and has not got it.</summary>
    public bool TryAcquireOrSleep()
    {
        if (TryAcquire())
        {
            return true;
        }

        // Announced before the second try: either that one succeeds, or the holder is still to release it and then sees the word.
        if (shared.ReadHint(waiting) == 0)
        {
            _ = shared.TryWrite(waiting, 1);
        }

        if (TryAcquire())
        {
            return true;
        }

        shared.Wait(waiting, 1, s_sleep);
        return false;
    }

    public bool TryRelease()
    {
        bool isReleased = fileLock.TryRelease();
        if (shared.ReadHint(waiting) != 0)
        {
            // A process that announces itself between these two finds the word changed and does not sleep.
            _ = shared.TryWrite(waiting, 0);
            shared.Wake(waiting);
        }

        return isReleased;
    }
}
