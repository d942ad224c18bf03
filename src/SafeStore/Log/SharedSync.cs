using System;

namespace SafeStore.Log;

/// <summary>
/// Lets the processes of a store share the syncs of their log. One of them syncs at a time, for all that was appended before it began; who
/// has appended meanwhile waits for the next one, which a single one of them makes.
/// </summary>
/// <remarks>
/// Two shared words, both written only after the fact that they state, so that a process that dies between the two leaves too low a number:
/// the last LSN appended (under the log lock) and the last LSN synced (under the sync lock). Whose sync fails marks the store as faulted
/// before it lets the next one try.
/// </remarks>
internal sealed class SharedSync(SharedLock turn, SharedState shared)
{
    private const int SleepsMax = 20;

    /// <summary>Makes the log durable up to an LSN, at least; up to which one is returned.</summary>
    /// <param name="upTo">The last LSN that the caller appended to its segment.</param>
    /// <param name="epoch">The epoch of that segment.</param>
    /// <param name="sync">Syncs the caller's segment, or throws.</param>
    /// <param name="state">What it needs for that.</param>
    public Lsn SyncUpTo<TState>(Lsn upTo, ulong epoch, Action<TState> sync, TState state)
    {
        for (int sleeps = 0; sleeps < SleepsMax && shared.SyncedLsn < upTo; sleeps++)
        {
            if (!turn.TryAcquireOrSleep())
            {
                continue;
            }

            try
            {
                return shared.SyncedLsn >= upTo ? shared.SyncedLsn : SyncForAll(upTo, epoch, sync, state);
            }
            finally
            {
                _ = turn.TryRelease();
            }
        }

        if (shared.SyncedLsn >= upTo)
        {
            return shared.SyncedLsn;
        }

        sync(state); // the process that was to sync has been stopped, or its disk has: no process waits for long
        return upTo;
    }

    private Lsn SyncForAll<TState>(Lsn upTo, ulong epoch, Action<TState> sync, TState state)
    {
        // In this order: if the epoch is still ours, what was appended by then is in our segment, or in an older one, which was synced
        // before ours began.
        Lsn appended = shared.AppendedLsn;
        Lsn covered = shared.Epoch == epoch ? Lsn.Max(appended, upTo) : upTo;
        sync(state);
        shared.TrySetSynced(covered);
        return covered;
    }
}
