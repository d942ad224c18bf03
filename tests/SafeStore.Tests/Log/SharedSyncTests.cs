using System;
using System.Collections.Generic;
using System.Threading;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Log;

/// <summary>How processes share the syncs of their log; objects with handles of their own act as processes.</summary>
public sealed class SharedSyncTests : IDisposable
{
    private readonly TempDirectory _temp = new();
    private readonly PosixFileSystem _fs = new();
    private readonly LockWaiting _waiting = new(TimeProvider.System, StoreCalls.Once);
    private readonly List<IDisposable> _owned = [];
    private readonly DirectoryHandle _directory;
    private int _syncs;

    public SharedSyncTests()
    {
        Assert.Equal(Errno.None, _fs.OpenRoot(_temp.Path, out DirectoryHandle? directory));
        _directory = directory!;
    }

    public void Dispose()
    {
        _owned.ForEach(static owned => owned.Dispose());
        _directory.Dispose();
        _waiting.Dispose();
        _temp.Dispose();
    }

    [Fact]
    public void A_sync_covers_what_other_processes_had_appended_before_it_began()
    {
        (SharedSync first, SharedState shared) = NewProcess();
        (SharedSync second, _) = NewProcess();
        shared.TrySetAppended(new Lsn(5));

        Assert.Equal(new Lsn(5), first.SyncUpTo(new Lsn(3), shared.Epoch, Count, 0));
        Assert.Equal(new Lsn(5), second.SyncUpTo(new Lsn(5), shared.Epoch, Count, 0));
        Assert.Equal(1, _syncs);
    }

    [Fact]
    public void A_sync_does_not_cover_what_is_appended_while_it_runs()
    {
        (SharedSync first, SharedState shared) = NewProcess();
        (SharedSync second, _) = NewProcess();
        shared.TrySetAppended(new Lsn(3));

        Assert.Equal(new Lsn(3), first.SyncUpTo(new Lsn(3), shared.Epoch, _ => shared.TrySetAppended(new Lsn(4)), 0));
        Assert.Equal(new Lsn(4), second.SyncUpTo(new Lsn(4), shared.Epoch, Count, 0));
        Assert.Equal(1, _syncs);
    }

    [Fact]
    public void A_sync_of_an_older_segment_does_not_cover_the_records_of_a_newer_one()
    {
        (SharedSync first, SharedState shared) = NewProcess();
        (SharedSync second, _) = NewProcess();
        ulong old = shared.Epoch;
        shared.NextEpoch();
        shared.TrySetAppended(new Lsn(5));

        Assert.Equal(new Lsn(3), first.SyncUpTo(new Lsn(3), old, Count, 0));
        Assert.Equal(new Lsn(5), second.SyncUpTo(new Lsn(5), shared.Epoch, Count, 0));
        Assert.Equal(2, _syncs);
    }

    [Fact]
    public void A_failed_sync_covers_nothing_and_lets_the_next_process_try()
    {
        (SharedSync first, SharedState shared) = NewProcess();
        (SharedSync second, _) = NewProcess();
        shared.TrySetAppended(new Lsn(3));

        Assert.Throws<TimeoutException>(() => first.SyncUpTo<int>(new Lsn(3), shared.Epoch, static _ => throw new TimeoutException(), 0));
        Assert.Equal(default, shared.SyncedLsn);
        Assert.Equal(new Lsn(3), second.SyncUpTo(new Lsn(3), shared.Epoch, Count, 0));
        Assert.Equal(1, _syncs);
    }

    [Fact]
    public void A_process_whose_sync_does_not_end_does_not_keep_the_others_waiting()
    {
        (SharedSync first, SharedState shared) = NewProcess();
        (SharedSync second, _) = NewProcess();
        shared.TrySetAppended(new Lsn(3));
        Lsn meanwhile = default;

        Assert.Equal(
            new Lsn(3), first.SyncUpTo(new Lsn(3), shared.Epoch, _ => meanwhile = second.SyncUpTo(new Lsn(2), shared.Epoch, Count, 0), 0));
        Assert.Equal(new Lsn(2), meanwhile);
        Assert.Equal(1, _syncs);
    }

    [Fact]
    public void Who_waits_for_a_shared_lock_is_woken_by_its_release()
    {
        (SharedLock held, SharedState shared) = NewLock();
        (SharedLock wanted, _) = NewLock();
        Assert.True(held.TryAcquire());
        int sleeps = 0;
        var waiter = new Thread(() =>
        {
            while (!wanted.TryAcquireOrSleep())
            {
                Interlocked.Increment(ref sleeps);
            }
        });
        waiter.Start();
        while (shared.ReadHint(SharedWord.SyncLockWaiting) == 0)
        {
            Thread.Yield();
        }

        Assert.True(held.TryRelease());
        waiter.Join();
        Assert.Equal(0UL, shared.ReadHint(SharedWord.SyncLockWaiting));
        Assert.False(held.TryAcquire());
        Assert.True(wanted.TryRelease());
    }

    [Fact]
    public void What_former_users_have_synced_is_forgotten()
    {
        (_, SharedState shared) = NewProcess();
        shared.TrySetAppended(new Lsn(9));
        shared.TrySetSynced(new Lsn(9));
        ulong epoch = shared.Epoch;

        shared.StartOver(new LifeId(1, Guid.NewGuid()));

        Assert.Equal((default, default, 0UL), (shared.AppendedLsn, shared.SyncedLsn, shared.TailOwner));
        Assert.NotEqual(epoch, shared.Epoch);
    }

    private void Count(int state) => _syncs++;

    private (SharedSync Sync, SharedState Shared) NewProcess()
    {
        (SharedLock turn, SharedState shared) = NewLock();
        return (new SharedSync(turn, shared), shared);
    }

    private (SharedLock Turn, SharedState Shared) NewLock()
    {
        FileHandle words = FileLock.OpenOrCreate(_fs, _directory, "words", AtomicFile.DefaultMode);
        SharedState.EnsureLength(_fs, words);
        var shared = new SharedState(_fs, words);
        var turn = new SharedLock(
            new FileLock(_fs, words, LockRange.Byte((long)StoreLock.Sync), _waiting), shared, SharedWord.SyncLockWaiting);
        _owned.AddRange([shared, words]);
        return (turn, shared);
    }
}
