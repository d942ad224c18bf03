using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Testing.Tests.Persistence;

/// <summary>What a sync of a whole filesystem does, and leaves when it fails.</summary>
public sealed class WholeSyncRulesTests
{
    private static readonly PersistenceProfile s_whole = PersistenceProfile.Strict with { SectorBytes = 4, CanSyncAll = true };

    [Fact]
    public void Everything_written_before_it_is_durable_and_nothing_written_after_it()
    {
        Rig rig = new Rig(s_whole).Make("/d").Write("/d/a", "olds").Write("/b", "olds").Rename("/b", "/d/c");
        Assert.Equal((Errno.None, true), SyncAll(rig));
        Assert.Equal(["d/a=olds d/c=olds"], rig.Outcomes());
        Assert.Equal(["d/a=news d/c=olds", "d/a=olds d/c=olds"], rig.Write("/d/a", "news").Outcomes());
    }

    [Fact]
    public void It_is_not_done_and_not_a_call_where_the_profile_does_not_have_it()
    {
        Rig rig = new Rig(PersistenceProfile.Strict with { SectorBytes = 4 }).Write("/a", "olds");
        long calls = rig.Machine.Calls;
        Assert.Equal((Errno.None, false), SyncAll(rig));
        Assert.Equal(calls + 1, rig.Machine.Calls); // the opening of the root
        Assert.Contains("", rig.Outcomes());
    }

    [Fact]
    public void If_it_fails_the_data_are_lost_and_the_first_sync_of_each_file_tells_also_through_a_later_handle()
    {
        Rig rig = new Rig(s_whole).Write("/a", "olds").Write("/b", "olds").SyncAll().Write("/a", "news");
        rig.Machine.Faults = FaultPlan.Fail(Operation.SyncAll, "*", Errno.InputOutput);
        Assert.Equal((Errno.InputOutput, false), SyncAll(rig));
        Assert.Equal("news", rig.Read("/a"));
        Assert.Equal(Errno.None, rig.TrySync("/b"));
        Assert.Equal(Errno.InputOutput, rig.TrySync("/a"));
        Assert.Equal(Errno.None, rig.TrySync("/a")); // told once
        Assert.Contains("a=olds b=olds", rig.Outcomes());
        Assert.Equal((Errno.None, true), SyncAll(rig));
        Assert.Contains("a=olds b=olds", rig.Outcomes()); // what is lost is not written by a second one
    }

    [Fact]
    public void If_the_filesystem_is_damaged_the_data_are_lost_and_no_sync_of_a_file_tells()
    {
        Rig rig = new Rig(s_whole).Write("/a", "olds").SyncAll().Write("/a", "news");
        rig.Machine.Faults = FaultPlan.Fail(Operation.SyncAll, "*", Errno.Damaged);
        Assert.Equal((Errno.Damaged, false), SyncAll(rig));
        Assert.Equal(Errno.None, rig.TrySync("/a"));
        Assert.Contains("a=olds", rig.Outcomes());
    }

    [Fact]
    public void A_write_back_that_failed_when_nobody_waited_is_told_once_to_each_directory_that_was_open_and_to_the_first_sync_of_the_file()
    {
        Rig rig = new Rig(s_whole).Write("/a", "olds").SyncAll().Write("/a", "news");
        using DirectoryHandle open = rig.Directory();
        rig.Machine.FailWriteBack("/a");
        Assert.Equal((Errno.InputOutput, false), SyncAll(rig)); // opened later, and nobody was told before
        Assert.Equal((Errno.None, true), SyncAll(rig));
        Assert.Equal(Errno.InputOutput, rig.Files.SyncAll(open, 0, out _));
        Assert.Equal(Errno.None, rig.Files.SyncAll(open, 0, out _));
        Assert.Equal(Errno.InputOutput, rig.TrySync("/a"));
        Assert.Equal(Errno.None, rig.TrySync("/a"));
        Assert.Contains("a=olds", rig.Outcomes());
        Assert.Equal("news", rig.Read("/a"));
    }

    [Fact]
    public void If_it_fails_names_are_still_to_be_written()
    {
        Rig rig = new Rig(s_whole).Write("/a", "olds").SyncAll().Rename("/a", "/b");
        rig.Machine.Faults = FaultPlan.Fail(Operation.SyncAll, "*", Errno.InputOutput);
        Assert.Equal((Errno.InputOutput, false), SyncAll(rig));
        Assert.Equal(["b=olds"], rig.Sync("/").Outcomes());
    }

    [Fact]
    public void A_filesystem_that_has_turned_read_only_says_nothing_and_does_nothing()
    {
        Rig rig = new Rig(s_whole).Write("/a", "olds").SyncAll().Write("/a", "news");
        rig.Machine.SetReadOnly("/", true);
        Assert.Equal((Errno.None, true), SyncAll(rig));
        Assert.Contains("a=olds", rig.Outcomes());
    }

    private static (Errno Errno, bool IsDone) SyncAll(Rig rig)
    {
        using DirectoryHandle root = rig.Directory();
        Errno errno = rig.Files.SyncAll(root, unwrittenMax: 0, out bool isDone);
        return (errno, isDone);
    }
}
