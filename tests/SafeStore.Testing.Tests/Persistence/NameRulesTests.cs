using System.Linq;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Testing.Tests.Persistence;

/// <summary>R4 to R8, R13 and R14: names, their order, and what each sync covers.</summary>
public sealed class NameRulesTests
{
    [Fact]
    public void A_rename_is_never_lost_on_both_sides()
    {
        foreach (PersistenceProfile profile in PersistenceProfile.Gates.Where(static profile => !profile.IsVolatile))
        {
            string[] within = new Rig(profile).Write("/a", "x").SyncAll().Rename("/a", "/b").Outcomes();
            string[] across = new Rig(profile).Make("/d").Make("/e").Write("/d/a", "x").SyncAll().Rename("/d/a", "/e/b").Outcomes();
            string[] twice = new Rig(profile).Write("/a", "x").SyncAll().Rename("/a", "/b").Rename("/b", "/c").Outcomes();

            Assert.All([.. within, .. across, .. twice], static outcome => Assert.Contains("=x", outcome, System.StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_renamed_file_may_be_found_under_its_old_its_new_and_both_names()
    {
        Assert.Equal(
            ["a=x", "a=x b=x", "b=x"], new Rig(PersistenceProfile.Strict).Write("/a", "x").SyncAll().Rename("/a", "/b").Outcomes());
    }

    [Fact]
    public void A_name_that_a_rename_replaces_stands_for_the_old_or_the_new_file_and_is_never_absent()
    {
        Assert.Equal(
            ["a=n", "a=n t=n", "a=o t=n"],
            new Rig(PersistenceProfile.Strict).Write("/a", "o").Write("/t", "n").SyncAll().Rename("/t", "/a").Outcomes());
    }

    [Fact]
    public void In_the_hostile_profile_a_rename_is_three_steps_that_may_lose_both_files()
    {
        string[] outcomes = new Rig(PersistenceProfile.Hostile).Write("/a", "o").Write("/t", "n").SyncAll().Rename("/t", "/a").Outcomes();

        Assert.Equal(["", "a=n", "a=n t=n", "a=o", "a=o t=n", "t=n"], outcomes);
    }

    [Fact]
    public void An_exchange_takes_effect_on_both_names_or_on_none()
    {
        foreach (PersistenceProfile profile in PersistenceProfile.Gates.Where(static profile => !profile.IsVolatile))
        {
            Assert.Equal(
                ["a=A b=B", "a=B b=A"], new Rig(profile).Write("/a", "A").Write("/b", "B").SyncAll().Exchange("/", "a", "b").Outcomes());
        }
    }

    [Fact]
    public void Without_a_journal_any_subset_of_names_persists()
    {
        Assert.Equal(["", "a=", "a= b=", "b="], new Rig(PersistenceProfile.Strict).Write("/a", "").Write("/b", "").Outcomes());
    }

    [Fact]
    public void Where_names_are_ordered_a_prefix_of_all_changes_persists_over_all_directories()
    {
        foreach (PersistenceProfile profile in PersistenceProfile.Gates.Where(static profile => profile.AreNamesOrdered))
        {
            Rig rig = new Rig(profile).Make("/d").Make("/e").SyncAll().Write("/d/a", "").Write("/e/b", "").Unlink("/d/a").Write("/d/c", "");

            Assert.Equal(["d/ e/", "d/ e/b=", "d/a= e/", "d/a= e/b=", "d/c= e/b="], rig.Outcomes());
        }
    }

    [Fact]
    public void A_name_that_was_created_and_removed_again_may_be_found()
    {
        Assert.Equal(["", "a="], new Rig(PersistenceProfile.Strict).Write("/a", "").Unlink("/a").Outcomes());
    }

    [Fact]
    public void A_sync_of_a_file_covers_its_data_its_size_and_its_permissions_but_not_its_name()
    {
        Assert.Equal(["", "a=x"], new Rig(PersistenceProfile.Strict).Write("/a", "x").Sync("/a").Outcomes());
    }

    [Fact]
    public void A_sync_of_a_file_says_nothing_of_other_files()
    {
        Rig rig = new Rig(PersistenceProfile.Strict).Write("/a", "o").Write("/b", "o").SyncAll().Write("/a", "A").Write("/b", "B")
            .Sync("/a");

        Assert.Equal(["a=A b=B", "a=A b=o"], rig.Outcomes());
    }

    [Fact]
    public void A_sync_of_a_directory_covers_its_names_but_not_its_files_data()
    {
        Assert.Equal(["a=", "a=0", "a=?", "a=x"], new Rig(PersistenceProfile.Strict).Write("/a", "x").Sync("/").Outcomes());
    }

    [Fact]
    public void A_sync_of_a_directory_does_not_cover_its_own_name()
    {
        Assert.Equal(["", "d/a=x"], new Rig(PersistenceProfile.Strict).Make("/d").Write("/d/a", "x").Sync("/d/a", "/d").Outcomes());
    }

    [Fact]
    public void A_sync_of_the_target_directory_leaves_the_source_name_pending()
    {
        Rig rig = new Rig(PersistenceProfile.Strict).Make("/d").Make("/e").Write("/d/a", "x").SyncAll().Rename("/d/a", "/e/a").Sync("/e");

        Assert.Equal(["d/ e/a=x", "d/a=x e/a=x"], rig.Outcomes());
    }

    [Fact]
    public void A_sync_of_the_source_directory_brings_the_target_name_with_it()
    {
        Rig rig = new Rig(PersistenceProfile.Strict).Make("/d").Make("/e").Write("/d/a", "x").SyncAll().Rename("/d/a", "/e/a").Sync("/d");

        Assert.Equal(["d/ e/a=x"], rig.Outcomes());
    }

    [Fact]
    public void A_sync_of_a_directory_through_a_handle_for_files_covers_its_names_too()
    {
        Rig rig = new Rig(PersistenceProfile.Strict).Make("/d").SyncAll().Write("/d/a", "");
        using DirectoryHandle root = rig.Directory();
        Assert.Equal(Errno.None, rig.Files.OpenFile(root, "d", FileUse.Read, out FileHandle? handle));
        Assert.Equal(Errno.None, rig.Files.SyncFile(handle!));

        Assert.Equal(["d/a="], rig.Outcomes());
    }

    [Fact]
    public void What_no_name_leads_to_any_more_is_no_question()
    {
        Assert.Empty(new PowerLossSpaceOf(new Rig(PersistenceProfile.Strict).Write("/a", "x").Unlink("/a").Sync("/")).Options);
    }

    [Fact]
    public void A_volatile_filesystem_is_empty_after_a_power_loss_and_whole_after_a_kill()
    {
        Rig rig = new Rig(PersistenceProfile.Tmpfs).Make("/d").Write("/d/a", "x").SyncAll();
        Assert.Equal([""], rig.Outcomes());

        rig.Machine.KillAll();
        Assert.Equal("d/a=x", rig.Tree());
        rig.Machine.LosePower(keepsUnsynced: true);
        Assert.Equal("", rig.Tree());
    }

    [Fact]
    public void Names_do_not_move_between_filesystems()
    {
        var rig = new Rig(new SimulatedMachineOptions { Mounts = [new SimulatedMount("/run", PersistenceProfile.Tmpfs)] });
        rig.Write("/a", "x");

        Assert.Equal(Errno.CrossDevice, rig.Calls.Rename("/a", "/run/a"));
        Assert.Equal(Errno.CrossDevice, rig.Calls.RenameNoReplace("/a", "/run/a"));
        Assert.Equal(Errno.CrossDevice, rig.Calls.Link("/a", "/run/a"));
        Assert.Equal("x", rig.Read("/a"));
    }

    /// <summary>Only its options.</summary>
    private sealed class PowerLossSpaceOf(Rig rig)
    {
        public int[] Options { get; } = [.. new SafeStore.Testing.Disks.PowerLossSpace(rig.Disk).Options];
    }
}
