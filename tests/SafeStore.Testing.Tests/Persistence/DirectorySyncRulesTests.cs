using System;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Testing.Tests.Persistence;

/// <summary>What a sync of a directory leaves open on btrfs: one name, lost or back again, until the whole filesystem is synced.</summary>
public sealed class DirectorySyncRulesTests
{
    [Fact]
    public void A_name_that_a_sync_of_its_directory_has_made_durable_may_be_lost()
    {
        Rig rig = OnBtrfs().Make("/d").SyncWhole().Write("/d/a", "x").Sync("/d/a", "/d");
        Assert.Equal(["d/a=x"], rig.Outcomes()); // the sync of the file has brought its name forward: the log has it twice

        rig = OnBtrfs().Make("/d").SyncWhole().Write("/d/t", "x").Sync("/d/t").SyncWhole().Rename("/d/t", "/d/a").Sync("/d");
        Assert.Equal(["d/", "d/a=x", "d/a=x d/t=x"], rig.Outcomes());
    }

    [Fact]
    public void A_name_whose_removal_a_sync_of_its_directory_has_made_durable_may_be_back()
    {
        Rig rig = OnBtrfs().Make("/d").Write("/d/a", "x").SyncWhole().Unlink("/d/a").Sync("/d");

        Assert.Equal(["d/", "d/a=x"], rig.Outcomes());
    }

    [Fact]
    public void A_name_that_was_replaced_may_stand_for_the_old_file_again()
    {
        Rig rig = OnBtrfs().Write("/a", "old").Write("/t", "new").SyncWhole().Rename("/t", "/a").Sync("/");

        Assert.Equal(["a=new", "a=new t=new", "a=old"], rig.Outcomes());
    }

    [Fact]
    public void No_more_than_one_name_of_the_whole_filesystem_is_wrong()
    {
        Rig rig = OnBtrfs().Make("/d").Make("/e").Write("/d/a", "").Write("/e/b", "").SyncWhole();
        rig.Unlink("/d/a").Unlink("/e/b").Sync("/d", "/e");

        Assert.Equal(["d/ e/", "d/ e/b=", "d/a= e/"], rig.Outcomes());
    }

    [Fact]
    public void After_a_sync_of_the_whole_filesystem_no_name_is_wrong()
    {
        Rig rig = OnBtrfs().Make("/d").Write("/d/a", "x").SyncWhole().Unlink("/d/a").Write("/d/b", "y").Sync("/d/b", "/d").SyncWhole();
        Assert.Equal(["d/b=y"], rig.Outcomes());

        rig = new Rig(PersistenceProfile.Btrfs with { CanSyncAll = true }).Make("/d").Write("/d/a", "x").SyncWhole().Unlink("/d/a");
        using DirectoryHandle root = rig.Directory();
        Assert.Equal(Errno.None, rig.Files.SyncAll(root, long.MaxValue, out bool isDone));
        Assert.True(isDone);
        Assert.Equal(["d/"], rig.Outcomes());
    }

    [Fact]
    public void The_seams_own_sync_of_a_directory_syncs_the_whole_filesystem_first_as_on_Linux()
    {
        Rig rig = new Rig(PersistenceProfile.Btrfs).Make("/d").Write("/d/a", "x").SyncWhole().Unlink("/d/a").Write("/b", "y").Sync("/d");

        Assert.Equal(["b=y d/"], rig.Outcomes());
    }

    [Fact]
    public void A_sync_through_a_handle_for_files_is_that_of_the_directory_alone()
    {
        Rig rig = new Rig(PersistenceProfile.Btrfs).Make("/d").Write("/d/a", "x").SyncWhole().Unlink("/d/a");
        using DirectoryHandle root = rig.Directory();
        Assert.Equal(Errno.None, rig.Files.OpenFile(root, "d", FileUse.Read, out FileHandle? handle));
        using (handle)
        {
            Assert.Equal(Errno.None, rig.Files.SyncFile(handle!));
        }

        Assert.Equal(["d/", "d/a=x"], rig.Outcomes());
    }

    [Fact]
    public void On_other_filesystems_a_sync_of_a_directory_is_to_be_relied_on()
    {
        foreach (PersistenceProfile profile in PersistenceProfile.Gates.Where(
            static profile => !profile.IsVolatile && profile.IsDirectorySyncReliable))
        {
            Assert.Equal(["d/"], new Rig(profile).Make("/d").Write("/d/a", "x").SyncAll().Unlink("/d/a").Sync("/d").Outcomes());
        }

        Assert.False(PersistenceProfile.Btrfs.IsDirectorySyncReliable);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task A_program_that_replaces_its_file_by_a_rename_is_caught_where_it_syncs_the_directory_alone(bool commits, bool isCaught)
    {
        var explorer = new CrashExplorer(new CrashExplorerOptions
        {
            Profiles = [PersistenceProfile.Btrfs],
            Machine = new SimulatedMachineOptions { DirectorySyncsCommit = commits },
            Prepare = static run =>
            {
                new AtomicFile(run.FileSystem).Write("/state", "old"u8);
                return default;
            },
        });
        CrashReport report = await explorer.ExploreAsync(
            static run =>
            {
                new AtomicFile(run.FileSystem).Write("/state", "new"u8);
                run.Acknowledge("new");
                return default;
            },
            static state => state.Acknowledged.Count == 0 || state.Files.File.ReadAllText("/state") == "new"
                ? default
                : throw new InvalidOperationException("lost"),
            TestContext.Current.CancellationToken);

        Assert.Equal(isCaught, !report.Violations.IsEmpty);
        if (isCaught)
        {
            Assert.Contains(
                report.Violations[0].Crashes[0].Lost, static line =>
                line.Contains("as before its directory was synced", StringComparison.Ordinal));
        }
    }

    private static Rig OnBtrfs() => new(new SimulatedMachineOptions { Profile = PersistenceProfile.Btrfs, DirectorySyncsCommit = false });
}
