using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Testing.Tests;

/// <summary>Processes, their ends, and the machine's time.</summary>
public sealed class MachineTests
{
    [Fact]
    public void A_killed_process_leaves_what_it_wrote_and_none_of_its_locks()
    {
        Rig rig = new Rig(PersistenceProfile.Strict).Write("/a", "x");
        FileHandle held = rig.Open("/a");
        Assert.Equal(Errno.None, rig.Files.TryLock(held, LockRange.Whole, LockMode.Exclusive));
        SimulatedProcess dead = rig.Process;
        rig.Process = rig.Machine.Start();
        using FileHandle waiting = rig.Open("/a");
        Assert.Equal(Errno.WouldBlock, rig.Files.TryLock(waiting, LockRange.Whole, LockMode.Shared));
        Assert.Equal([new LockHolder(dead.Id, dead.Name, true)], rig.Files.LockHolders(waiting));

        dead.Kill();
        dead.Kill();

        Assert.Equal(Errno.None, rig.Files.TryLock(waiting, LockRange.Whole, LockMode.Exclusive));
        Assert.Equal("x", rig.Read("/a"));
        Assert.Equal([rig.Process], rig.Machine.Processes);
        Assert.Throws<SimulatedCrashException>(() => dead.FileSystem.SyncFile(held));
        held.Dispose();
        Assert.Throws<SimulatedCrashException>(() => dead.FileSystem.SyncFile(held));
    }

    [Fact]
    public void Locks_exclude_each_other_between_processes_and_an_upgrade_that_is_refused_loses_what_was_held()
    {
        Rig rig = new Rig().Write("/a", "");
        SimulatedProcess other = rig.Machine.Start();
        using FileHandle mine = rig.Open("/a");
        SimulatedProcess first = rig.Process;
        rig.Process = other;
        using FileHandle theirs = rig.Open("/a");

        Assert.Equal(Errno.None, first.FileSystem.TryLock(mine, LockRange.Whole, LockMode.Shared));
        Assert.Equal(Errno.None, other.FileSystem.TryLock(theirs, LockRange.Whole, LockMode.Shared));
        Assert.Equal(Errno.WouldBlock, other.FileSystem.TryLock(theirs, LockRange.Whole, LockMode.Exclusive));
        Assert.Equal(Errno.None, first.FileSystem.TryLock(mine, LockRange.Whole, LockMode.Exclusive));
        Assert.Equal(Errno.WouldBlock, other.FileSystem.TryLock(theirs, LockRange.Whole, LockMode.Shared));
        Assert.Equal(Errno.None, first.FileSystem.Unlock(mine, LockRange.Whole));
        Assert.Equal(Errno.None, other.FileSystem.TryLock(theirs, LockRange.Whole, LockMode.Shared));
    }

    [Fact]
    public void Words_show_what_another_process_writes_and_outlive_its_handle()
    {
        Rig rig = new Rig().Write("/a", new string('\0', 64));
        using FileHandle file = rig.Open("/a");
        Assert.Equal(Errno.None, rig.Files.MapWords(file, out SharedWords? words));
        using SharedWords _ = words!;
        rig.Process = rig.Machine.Start();
        byte[] word = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(word, 0x0123_4567_89AB_CDEF);
        using FileHandle other = rig.Open("/a");
        Assert.Equal(Errno.None, rig.Files.Write(other, word, 24, out int _));

        Assert.Equal(0x0123_4567_89AB_CDEFUL, words!.Read(3));
        Assert.Equal(0UL, words.Read(4));
    }

    [Fact]
    public void A_handle_belongs_to_its_process()
    {
        Rig rig = new Rig().Write("/a", "");
        using FileHandle file = rig.Open("/a");

        Assert.Throws<ArgumentException>(() => rig.Machine.Start().FileSystem.SyncFile(file));
    }

    [Fact]
    public void The_clock_stands_still_until_somebody_moves_it_and_timers_fire_in_the_order_of_their_times()
    {
        var machine = new SimulatedMachine();
        SimulatedClock clock = machine.Start().Clock;
        DateTimeOffset start = clock.GetUtcNow();
        List<string> fired = [];
        using ITimer late =
            clock.CreateTimer(
            _ => fired.Add($"late {(clock.GetUtcNow() - start).TotalSeconds}"), null, TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        using ITimer often =
            clock.CreateTimer(
            _ => fired.Add($"often {(clock.GetUtcNow() - start).TotalSeconds}"), null, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));
        using ITimer never = clock.CreateTimer(_ => fired.Add("never"), null, Timeout.InfiniteTimeSpan, TimeSpan.FromSeconds(1));
        using ITimer stopped = clock.CreateTimer(_ => fired.Add("stopped"), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        stopped.Dispose();

        clock.Sleep(TimeSpan.FromSeconds(4));

        Assert.Equal(["often 2", "late 3", "often 4"], fired);
        Assert.Equal(start + TimeSpan.FromSeconds(4), machine.Clock.GetUtcNow());
        Assert.Equal(TimeSpan.FromSeconds(4), clock.GetElapsedTime(start.Ticks));
        Assert.Throws<ArgumentOutOfRangeException>(() => clock.Advance(TimeSpan.FromTicks(-1)));
    }

    [Fact]
    public void A_timer_dies_with_its_process_and_a_sleeper_killed_by_one_does_not_wake()
    {
        var machine = new SimulatedMachine();
        SimulatedProcess one = machine.Start();
        SimulatedProcess two = machine.Start();
        bool isFired = false;
        using ITimer dying = one.Clock.CreateTimer(_ => isFired = true, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        one.Kill();
        using ITimer killing = machine.Clock.CreateTimer(_ => two.Kill(), null, TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan);

        Assert.Throws<SimulatedCrashException>(() => two.Clock.Sleep(TimeSpan.FromSeconds(5)));
        Assert.False(isFired);
    }

    [Fact]
    public void The_same_seed_gives_the_same_power_loss_and_the_same_random_bytes()
    {
        Assert.Equal(Left(7), Left(7));
        Assert.True(Enumerable.Range(0, 20).Select(static seed => Left((ulong)seed)).Distinct(StringComparer.Ordinal).Count() > 3);
    }

    [Fact]
    public void A_mounted_filesystem_is_there_again_after_a_power_loss()
    {
        var rig = new Rig(
            new SimulatedMachineOptions
            {
                Mounts = [new SimulatedMount("/mnt/data", PersistenceProfile.Xfs),
            new SimulatedMount("/run", PersistenceProfile.Tmpfs)]
            });
        rig.Write("/mnt/data/a", "x").Write("/run/b", "y").Sync("/mnt/data/a", "/mnt/data");

        rig.Machine.LosePower(keepsUnsynced: true);
        rig.Process = rig.Machine.Start();

        Assert.Equal("x", rig.Read("/mnt/data/a"));
        Assert.Equal(Errno.NotFound, rig.Calls.Stat("/run/b", follow: true, out _));
        Assert.Equal((Errno)16, rig.Calls.RemoveDirectory("/run"));
        Assert.Equal((Errno)16, rig.Calls.Rename("/run", "/ran"));
        rig.Write("/run/b", "z");
    }

    private static string Left(ulong seed)
    {
        Rig rig = new Rig(PersistenceProfile.Strict).Write("/a", "abc").Write("/b", "def");
        byte[] random = new byte[4];
        rig.Files.FillRandom(random);
        rig.Write("/c", Convert.ToHexString(random));
        rig.Machine.LosePower(seed);
        return rig.Tree();
    }
}
