using System;
using SafeStore.Locking;

namespace SafeStore.Log;

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
