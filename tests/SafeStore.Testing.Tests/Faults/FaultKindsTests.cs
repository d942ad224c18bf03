using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Testing.Files;
using Xunit;

namespace SafeStore.Testing.Tests.Faults;

/// <summary>What each kind of fault does; R10 to R12.</summary>
public sealed class FaultKindsTests
{
    [Theory]
    [InlineData(Errno.NoSpace)]
    [InlineData(Errno.QuotaExceeded)]
    [InlineData(Errno.InputOutput)]
    public void A_call_that_fails_does_nothing_and_the_next_one_works(Errno errno)
    {
        Rig rig = new Rig().Write("/a", "old");
        using FileHandle file = rig.Open("/a");
        rig.Machine.Faults = FaultPlan.Fail(Operation.Write, "/a", errno);

        Assert.Equal(errno, rig.Files.Write(file, "new"u8, 0, out int count));
        Assert.Equal(0, count);
        Assert.Equal("old", rig.Read("/a"));
        rig.Write(file, "new");
        Assert.Equal("new", rig.Read("/a"));
        Assert.Equal(1, rig.Machine.Faults.Count);
    }

    [Fact]
    public void Every_call_can_fail_and_gives_nothing_out_then()
    {
        Rig rig = new Rig().Write("/a", new string('x', 64)).Make("/d");
        using DirectoryHandle root = rig.Directory();
        using FileHandle file = rig.Open("/a");
        rig.Machine.Faults = new FaultPlan().Add(new FaultRule { Times = int.MaxValue, Fault = new CallFails(Errno.InputOutput) });
        CheckNothingGiven(rig, root, file);
        Assert.Equal(Errno.InputOutput, rig.Files.MakeDirectory(root, "new", Rig.Mode750, out _));
        Assert.Equal(Errno.InputOutput, rig.Files.Rename(root, "a", root, "b", RenameKind.Replace));
        Assert.Equal(Errno.InputOutput, rig.Files.Unlink(root, "a"));
        Assert.Equal(Errno.InputOutput, rig.Files.TryLock(file, LockRange.Whole, LockMode.Exclusive));

        rig.Machine.Faults = new FaultPlan();
        Assert.Equal(["a", "d"], Names(rig));
        Assert.Empty(rig.Files.LockHolders(file));
    }

    [Fact]
    public void A_call_that_is_done_but_reported_failed_gives_nothing_out_and_leaves_no_handle_open()
    {
        Rig rig = new Rig().Write("/a", new string('x', 64)).Make("/d");
        using DirectoryHandle root = rig.Directory();
        using FileHandle file = rig.Open("/a");
        int handles = rig.Process.Handles.Count;
        rig.Machine.Faults = new FaultPlan().Add(new FaultRule { Times = int.MaxValue, Fault = new CallDoneButFails(Errno.InputOutput) });

        CheckNothingGiven(rig, root, file);
        Assert.Equal(handles, rig.Process.Handles.Count);
        Assert.Equal(Errno.InputOutput, rig.Files.Rename(root, "a", root, "b", RenameKind.Replace));
        Assert.Equal(Errno.InputOutput, rig.Files.RemoveDirectory(root, "d"));

        rig.Machine.Faults = new FaultPlan();
        Assert.Equal(["b", "created"], Names(rig));
    }

    [Fact]
    public void A_transfer_may_be_short()
    {
        Rig rig = new Rig().Write("/a", "0123456789");
        using FileHandle file = rig.Open("/a");
        rig.Machine.Faults =
            new FaultPlan()
            .Add(new FaultRule { Operations = [Operation.Read, Operation.Write], Path = "/a", Times = 3, Fault = new ShortTransfer(4) });

        Assert.Equal(Errno.None, rig.Files.Read(file, new byte[10], 0, out int count));
        Assert.Equal(4, count);
        Assert.Equal(Errno.None, rig.Files.Write(file, "ABCDEF"u8, 0, out count));
        Assert.Equal(4, count);
        Assert.Equal(Errno.None, rig.Files.Write(file, "A"u8, 9, out count));
        Assert.Equal(1, count);
        Assert.Equal("ABCD45678A", rig.Read("/a"));
    }

    [Fact]
    public void Some_bytes_are_written_and_then_the_disk_is_full()
    {
        var rig = new Rig(PersistenceProfile.Strict);
        using FileHandle file = rig.Open("/a", create: true);
        rig.Machine.Faults = new FaultPlan()
            .Add(new FaultRule { Operations = [Operation.Write], Fault = new ShortTransfer(3) })
            .Add(new FaultRule { Operations = [Operation.Write], Fault = new CallFails(Errno.NoSpace) });

        Assert.Equal(Errno.None, rig.Files.Write(file, "abcdef"u8, 0, out int count));
        Assert.Equal(3, count);
        Assert.Equal(Errno.NoSpace, rig.Files.Write(file, "def"u8, 3, out count));
        Assert.Equal("abc", rig.Read("/a"));
    }

    [Fact]
    public void A_bit_is_turned_over_in_what_is_read_or_for_good_in_what_is_written()
    {
        Rig rig = new Rig().Write("/a", "aaaa");
        rig.Machine.Faults = new FaultPlan()
            .Add(new FaultRule { Operations = [Operation.Read], Fault = new BitFlipped(9) })
            .Add(new FaultRule { Operations = [Operation.Write], Fault = new BitFlipped(32 + 1) });

        Assert.Equal("acaa", rig.Read("/a"));
        Assert.Equal("aaaa", rig.Read("/a"));
        rig.Write("/a", "aaaa");
        Assert.Equal("caaa", rig.Read("/a"));
    }

    [Theory]
    [InlineData(false, "a=old")]
    [InlineData(true, "b=old")]
    public void A_process_is_killed_instead_of_or_after_a_call(bool afterwards, string tree)
    {
        Rig rig = new Rig(PersistenceProfile.Strict).Write("/a", "old");
        rig.Machine.Faults = new FaultPlan().Add(new FaultRule { Operations = [Operation.Rename], Fault = new ProcessKilled(afterwards) });

        Assert.Throws<SimulatedCrashException>(() => rig.Calls.Rename("/a", "/b"));
        Assert.False(rig.Process.IsAlive);
        Assert.Throws<SimulatedCrashException>(() => rig.Calls.Rename("/a", "/b"));
        Assert.Equal(tree, rig.Tree());
    }

    [Theory]
    [InlineData(false, "")]
    [InlineData(true, "a=new")]
    public void The_power_goes_instead_of_or_after_a_call(bool afterwards, string tree)
    {
        Rig rig = new Rig(PersistenceProfile.Strict).Write("/a", "new");
        SimulatedProcess other = rig.Machine.Start();
        using FileHandle file = rig.Open("/a");
        rig.Sync("/a");
        rig.Machine.Faults =
            new FaultPlan()
            .Add(new FaultRule { Operations = [Operation.SyncDirectory], Fault = new PowerLost(Seed: NothingKept(rig), afterwards) });

        Assert.Throws<SimulatedCrashException>(() => rig.TrySync("/"));

        Assert.Empty(rig.Machine.Processes);
        Assert.False(other.IsAlive);
        Assert.Equal(tree, rig.Tree());
        Assert.Throws<SimulatedCrashException>(() => rig.Files.SyncFile(file));
    }

    [Fact]
    public void A_slow_call_takes_its_time_and_timers_fire_meanwhile()
    {
        Rig rig = new Rig().Write("/a", "x");
        DateTimeOffset before = rig.Process.Clock.GetUtcNow();
        bool isFired = false;
        using System.Threading.ITimer timer = rig.Process.Clock.CreateTimer(
            _ => isFired = rig.Calls.Stat("/a", follow: true, out NodeStatus _) == Errno.None, null, TimeSpan.FromSeconds(1),
            System.Threading.Timeout.InfiniteTimeSpan);
        rig.Machine.Faults = FaultPlan.At(rig.Machine.Calls + 1, new SlowCall(TimeSpan.FromSeconds(2)));

        Assert.Equal("x", rig.Read("/a"));
        Assert.Equal(TimeSpan.FromSeconds(2), rig.Process.Clock.GetUtcNow() - before);
        Assert.True(isFired);
    }

    [Fact]
    public void A_filesystem_that_becomes_read_only_refuses_changes_through_open_handles_too()
    {
        Rig rig = new Rig(PersistenceProfile.Strict).Write("/a", "old").Make("/d").SyncAll();
        using FileHandle file = rig.Open("/a");
        using DirectoryHandle root = rig.Directory();
        rig.Write(file, "new");
        rig.Machine.Faults = new FaultPlan().Add(new FaultRule { Operations = [Operation.Stat], Fault = new BecomesReadOnly() });
        Assert.Equal(Errno.None, rig.Calls.Stat("/a", follow: true, out _));

        Assert.Equal(Errno.ReadOnly, rig.Files.Write(file, "x"u8, 0, out _));
        Assert.Equal(Errno.ReadOnly, rig.Files.Allocate(file, 100));
        Assert.Equal(Errno.ReadOnly, rig.Calls.Truncate(file, 0));
        Assert.Equal(Errno.ReadOnly, rig.Files.SyncFile(file));
        Assert.Equal(Errno.ReadOnly, rig.Files.SetAttribute(root, "a", "user.a", "x"u8));
        Assert.Equal(Errno.ReadOnly, rig.Files.CreateFile(root, "b", Rig.Mode640, out _));
        Assert.Equal(Errno.ReadOnly, rig.Files.MakeDirectory(root, "b", Rig.Mode750, out _));
        Assert.Equal(Errno.ReadOnly, rig.Files.Rename(root, "a", root, "b", RenameKind.Replace));
        Assert.Equal(Errno.ReadOnly, rig.Files.Rename(root, "a", root, "d", RenameKind.Exchange));
        Assert.Equal(Errno.ReadOnly, rig.Files.Unlink(root, "a"));
        Assert.Equal(Errno.ReadOnly, rig.Files.RemoveDirectory(root, "d"));
        Assert.Equal(Errno.ReadOnly, rig.Files.OpenFile(root, "a", FileUse.ReadWrite, out _));
        Assert.Equal(Errno.None, rig.Files.SyncDirectory(root));
        Assert.Equal("new", rig.Read(file));
        Assert.Equal(["a=new d/", "a=old d/"], rig.Outcomes());

        rig.Machine.SetReadOnly("/", isReadOnly: false);
        Assert.Equal(["a=new d/"], rig.Sync("/a").Outcomes());
        rig.Machine.SetReadOnly("/d", isReadOnly: true);
        Assert.Equal(Errno.ReadOnly, rig.Files.Unlink(root, "a"));
    }

    private static void CheckNothingGiven(Rig rig, DirectoryHandle root, FileHandle file)
    {
        SimulatedFileSystem files = rig.Files;
        Assert.Equal(Errno.InputOutput, files.OpenRoot("/", out DirectoryHandle? directory));
        Assert.Null(directory);
        Assert.Equal(Errno.InputOutput, files.OpenDirectory(root, "d", out directory));
        Assert.Null(directory);
        Assert.Equal(Errno.InputOutput, files.CreateFile(root, "created", Rig.Mode640, out FileHandle? opened));
        Assert.Null(opened);
        Assert.Equal(Errno.InputOutput, files.OpenFile(root, "a", FileUse.Read, out opened));
        Assert.Null(opened);
        Assert.Equal(Errno.InputOutput, rig.Calls.Open("/a", OpenFlags.Read, default, out opened));
        Assert.Null(opened);
        Assert.Equal(Errno.InputOutput, files.Stat(root, "a", out FileStatus status));
        Assert.Equal(default, status);
        Assert.Equal(Errno.InputOutput, files.Stat(file, out status));
        Assert.Equal(default, status);
        Assert.Equal(Errno.InputOutput, files.Read(file, new byte[1], 0, out int count));
        Assert.Equal(0, count);
        Assert.Equal(Errno.InputOutput, files.Write(file, "x"u8, 0, out count));
        Assert.Equal(0, count);
        Assert.Equal(Errno.InputOutput, files.MapWords(file, out SharedWords? words));
        Assert.Null(words);
        Assert.Equal(Errno.InputOutput, files.SetAttribute(root, "a", "user.a", "x"u8));
        Assert.Equal(Errno.InputOutput, files.GetAttribute(file, "user.a", out byte[] value));
        Assert.Empty(value);
        Assert.Equal(Errno.InputOutput, files.Describe(root, out FileSystemTraits? traits));
        Assert.Null(traits);
    }

    private static string[] Names(Rig rig)
    {
        List<DirectoryEntry> entries = [];
        Assert.Equal(Errno.None, rig.Calls.List("/", entries));
        return [.. entries.Select(static entry => entry.Name).Order(StringComparer.Ordinal)];
    }

    /// <summary>A seed of which a power loss of this disk leaves nothing but what is synced.</summary>
    private static ulong NothingKept(Rig rig)
    {
        int[] options = [.. new SafeStore.Testing.Disks.PowerLossSpace(rig.Disk).Options];
        for (ulong seed = 0; ; seed++)
        {
            var random = new Randomness(seed);
            if (Array.TrueForAll(options, count => random.Next(count) == 0))
            {
                return seed;
            }
        }
    }
}
