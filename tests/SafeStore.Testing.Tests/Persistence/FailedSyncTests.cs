using System;
using System.Linq;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Testing.Tests.Persistence;

/// <summary>R9: what a failed sync leaves behind.</summary>
public sealed class FailedSyncTests
{
    private static readonly PersistenceProfile s_strict = PersistenceProfile.Strict with { SectorBytes = 4 };

    [Fact]
    public void A_failed_sync_is_reported_once_to_handles_open_at_the_failure_and_not_to_later_ones()
    {
        Rig rig = Synced("olds");
        using FileHandle failing = rig.Open("/a");
        using FileHandle open = rig.Open("/a");
        rig.Write("/a", "news");
        rig.Machine.Faults = Lose(LostSync.KeepsCache);

        Assert.Equal(Errno.NoSpace, rig.Files.SyncFile(failing));
        using FileHandle later = rig.Open("/a");
        Assert.Equal(Errno.None, rig.Files.SyncFile(failing));
        Assert.Equal(Errno.None, rig.Files.SyncFile(later));
        Assert.Equal(Errno.InputOutput, rig.Files.SyncFile(open));
        Assert.Equal(Errno.None, rig.Files.SyncFile(open));
    }

    [Fact]
    public void After_a_failed_sync_the_next_one_succeeds_without_the_data()
    {
        Rig rig = Synced("olds").Write("/a", "news");
        rig.Machine.Faults = Lose(LostSync.KeepsCache);
        Assert.Equal(Errno.NoSpace, rig.TrySync("/a"));
        Assert.Equal("news", rig.Read("/a"));

        Assert.Equal(Errno.None, rig.TrySync("/a"));

        Assert.Contains("a=olds", rig.Outcomes());
    }

    [Fact]
    public void A_write_back_that_cannot_be_started_loses_the_data_and_no_sync_tells()
    {
        Rig rig = Synced("olds").Write("/a", "news");
        rig.Machine.Faults = FaultPlan.Fail(Operation.StartWriteBack, "*", Errno.InputOutput);
        using FileHandle open = rig.Open("/a");
        Assert.Equal(Errno.InputOutput, rig.Files.StartWriteBack(open));
        Assert.Equal("news", rig.Read("/a"));

        Assert.Equal(Errno.None, rig.TrySync("/a"));

        Assert.Contains("a=olds", rig.Outcomes());
    }

    [Fact]
    public void What_a_failed_sync_was_to_write_may_have_been_written_sector_by_sector()
    {
        Rig rig = Synced("oooooooo").Write("/a", "AAAABBBB");
        rig.Machine.Faults = Lose(LostSync.KeepsCache);
        Assert.Equal(Errno.NoSpace, rig.TrySync("/a"));

        Assert.Equal(["a=AAAABBBB", "a=AAAAoooo", "a=ooooBBBB", "a=oooooooo"], rig.Outcomes());
    }

    [Fact]
    public void A_size_that_a_failed_sync_was_to_write_may_persist_over_zeros_in_every_profile()
    {
        foreach (PersistenceProfile profile in PersistenceProfile.Gates.Where(static profile => !profile.IsVolatile))
        {
            Rig rig = new Rig(profile with { SectorBytes = 4 }).Write("/a", "").SyncAll().Write("/a", "AAAA");
            rig.Machine.Faults = Lose(LostSync.KeepsCache);
            Assert.Equal(Errno.NoSpace, rig.TrySync("/a"));

            Assert.Subset(
                rig.Outcomes().ToHashSet(StringComparer.Ordinal), new[] { "a=", "a=0000", "a=AAAA" }.ToHashSet(StringComparer.Ordinal));
            rig.Sync("/a");
            Assert.Subset(rig.Outcomes().ToHashSet(StringComparer.Ordinal), new[] { "a=0000", "a=AAAA" }.ToHashSet(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void A_rename_does_not_bring_data_that_a_failed_sync_has_lost()
    {
        Rig rig = new Rig(PersistenceProfile.Ext4Ordered).Write("/a", "old").SyncAll().Write("/t", "new");
        rig.Machine.Faults = Lose(LostSync.KeepsCache);
        Assert.Equal(Errno.NoSpace, rig.TrySync("/t"));
        rig.Rename("/t", "/a").Sync("/");

        Assert.Contains("a=000", rig.Outcomes());
    }

    [Fact]
    public void When_the_cache_is_dropped_zeros_or_the_old_data_are_read()
    {
        Rig rig = Synced("olds").Write("/a", "news").Write("/b", "data");
        rig.Machine.Faults =
            new FaultPlan()
            .Add(new FaultRule
            {
                Operations = [Operation.SyncFile],
                Times = 2,
                Fault = new SyncLosesData(Errno.NoSpace, LostSync.KeepsCache)
            });
        Assert.Equal(Errno.NoSpace, rig.TrySync("/a"));
        Assert.Equal(Errno.NoSpace, rig.TrySync("/b"));

        rig.Machine.DropCaches();

        Assert.Equal("olds", rig.Read("/a"));
        Assert.Equal("0000", rig.Read("/b"));
        Assert.Equal("a=olds b=0000", Assert.Single(rig.SyncAll().Outcomes()));
    }

    [Fact]
    public void Dropping_the_cache_loses_nothing_that_no_sync_has_failed_on()
    {
        Rig rig = Synced("olds").Write("/a", "news");

        rig.Machine.DropCaches();

        Assert.Equal("news", rig.Read("/a"));
        Assert.Equal(["a=news", "a=olds"], rig.Outcomes());
    }

    [Fact]
    public void Data_written_again_after_a_failed_sync_are_durable_after_the_next()
    {
        Rig rig = Synced("olds").Write("/a", "news");
        rig.Machine.Faults = Lose(LostSync.KeepsCache);
        Assert.Equal(Errno.NoSpace, rig.TrySync("/a"));

        rig.Write("/a", "news").Sync("/a");

        Assert.Equal(["a=news"], rig.Outcomes());
    }

    [Fact]
    public void A_sync_after_a_failed_one_makes_durable_the_pages_written_since_and_no_others()
    {
        Rig rig = Synced(new string('o', 8192)).Write("/a", new string('n', 8192));
        rig.Machine.Faults = Lose(LostSync.KeepsCache);
        Assert.Equal(Errno.NoSpace, rig.TrySync("/a"));
        rig.Write("/a", "x", 5000).Sync("/a");
        rig.Machine.LosePower(keepsUnsynced: false);
        rig.Process = rig.Machine.Start();

        string left = rig.Read("/a");
        Assert.Equal(new string('o', 4096), left[..4096]);
        Assert.Equal(new string('n', 904) + "x" + new string('n', 3191), left[4096..]);
    }

    [Fact]
    public void Where_a_failed_sync_reverts_the_cache_the_old_data_are_read_at_once()
    {
        Rig rig = Synced("olds").Write("/a", "newsdata");
        rig.Machine.Faults = Lose(LostSync.RevertsCache);
        Assert.Equal(Errno.NoSpace, rig.TrySync("/a"));

        Assert.Equal("olds", rig.Read("/a"));
        Assert.Equal(["a=olds"], rig.Outcomes());
    }

    [Fact]
    public void Where_a_failed_sync_is_reported_later_the_next_one_tells_of_it_and_the_data_may_be_lost()
    {
        Rig rig = Synced("olds").Write("/a", "news");
        using FileHandle file = rig.Open("/a");
        rig.Machine.Faults = Lose(LostSync.ReportsLater);

        Assert.Equal(Errno.None, rig.Files.SyncFile(file));
        Assert.Contains("a=olds", rig.Outcomes());
        Assert.Equal(Errno.InputOutput, rig.Files.SyncFile(file));
        Assert.Equal(Errno.None, rig.Files.SyncFile(file));
        Assert.Contains("a=olds", rig.Outcomes());
        rig.Machine.DropCaches();
        Assert.Equal("olds", rig.Read(file));
    }

    [Fact]
    public void A_sync_that_simply_fails_may_have_lost_its_data_too()
    {
        Rig rig = Synced("olds").Write("/a", "news");
        rig.Machine.Faults = FaultPlan.Fail(Operation.SyncFile, "/a", Errno.InputOutput);
        Assert.Equal(Errno.InputOutput, rig.TrySync("/a"));
        rig.Sync("/a");

        Assert.Equal(["a=news", "a=olds"], rig.Outcomes());
    }

    [Fact]
    public void After_a_sync_of_a_directory_that_simply_fails_the_next_one_writes_its_names()
    {
        Rig rig = Synced("x").Write("/b", "").Rename("/a", "/c");
        rig.Machine.Faults = FaultPlan.Fail(Operation.SyncDirectory, "/", Errno.InputOutput);
        Assert.Equal(Errno.InputOutput, rig.TrySync("/"));
        Assert.Contains("a=x", rig.Outcomes());

        rig.Sync("/");

        Assert.Equal(["b= c=x"], rig.Outcomes());
    }

    [Fact]
    public void Names_that_a_sync_of_their_directory_has_lost_may_be_there_or_not_and_the_next_sync_does_not_help()
    {
        Rig rig = Synced("x").Write("/b", "").Rename("/a", "/c");
        rig.Machine.Faults =
            new FaultPlan()
            .Add(new FaultRule
            {
                Operations = [Operation.SyncDirectory],
                Path = "/",
                Fault = new SyncLosesData(Errno.InputOutput, LostSync.KeepsCache)
            });
        Assert.Equal(Errno.InputOutput, rig.TrySync("/"));
        string[] expected = ["a=x", "a=x b=", "a=x b= c=x", "a=x c=x", "b= c=x", "c=x"];
        Assert.Equal(expected, rig.Outcomes());

        rig.Sync("/");

        Assert.Equal(expected, rig.Outcomes());
        Assert.Equal("b= c=x", rig.Tree());
    }

    [Fact]
    public void A_sync_that_is_done_but_reported_failed_has_its_effect()
    {
        Rig rig = Synced("olds").Write("/a", "news");
        rig.Machine.Faults =
            new FaultPlan().Add(new FaultRule { Operations = [Operation.SyncFile], Fault = new CallDoneButFails(Errno.InputOutput) });

        Assert.Equal(Errno.InputOutput, rig.TrySync("/a"));
        Assert.Equal(["a=news"], rig.Outcomes());
    }

    private static Rig Synced(string content) => new Rig(s_strict).Write("/a", content).SyncAll();

    private static FaultPlan Lose(LostSync afterwards) =>
        new FaultPlan().Add(new FaultRule { Operations = [Operation.SyncFile], Fault = new SyncLosesData(Errno.NoSpace, afterwards) });
}
