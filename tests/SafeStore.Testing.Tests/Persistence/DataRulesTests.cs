using System.Linq;
using Xunit;

namespace SafeStore.Testing.Tests.Persistence;

/// <summary>R1 to R3: data, sizes, explicit sizes. Sectors of four bytes, so that the states can be written down.</summary>
public sealed class DataRulesTests
{
    private static readonly PersistenceProfile s_strict = PersistenceProfile.Strict with { SectorBytes = 4 };
    private static readonly PersistenceProfile s_ext4 = PersistenceProfile.Ext4Ordered with { SectorBytes = 4 };

    [Fact]
    public void Each_sector_of_unsynced_data_persists_or_not_for_itself()
    {
        string[] expected = ["a=AAAABBBB", "a=AAAAoooo", "a=ooooBBBB", "a=oooooooo"];
        foreach (PersistenceProfile profile in PersistenceProfile.Gates.Where(static profile => !profile.IsVolatile))
        {
            Assert.Equal(expected, Synced(profile with { SectorBytes = 4 }, "oooooooo").Write("/a", "AAAABBBB").Outcomes());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(512)]
    [InlineData(4096)]
    public void The_sector_is_the_unit_that_is_torn(int bytes)
    {
        Rig rig = Synced(PersistenceProfile.Strict with { SectorBytes = bytes }, new string('o', 3 * bytes));

        Assert.Equal(8, rig.Write("/a", new string('N', 3 * bytes)).Outcomes().Length);
    }

    [Fact]
    public void Any_version_of_a_sector_since_its_last_sync_may_be_found_whatever_that_of_its_neighbour()
    {
        Rig rig = Synced(s_strict, "oooooooo").Write("/a", "AAAABBBB").Write("/a", "CCCC");

        Assert.Equal(["a=AAAABBBB", "a=AAAAoooo", "a=CCCCBBBB", "a=CCCCoooo", "a=ooooBBBB", "a=oooooooo"], rig.Outcomes());
    }

    [Fact]
    public void A_write_within_a_sector_is_there_or_not_and_what_it_leaves_alone_is_there()
    {
        Assert.Equal(["a=oAAo", "a=oooo"], Synced(s_strict, "oooo").Write("/a", "AA", 1).Outcomes());
    }

    [Fact]
    public void A_size_may_persist_without_its_data_and_then_shows_zeros_or_garbage()
    {
        Assert.Equal(["a=", "a=0000", "a=?", "a=AAAA"], Synced(s_strict, "").Write("/a", "AAAA").Outcomes());
    }

    [Fact]
    public void Data_whose_size_did_not_persist_are_cut_off()
    {
        string[] expected = ["a=AA", "a=oo", "a=oo000000", "a=oo00?", "a=oo00BBBB", "a=AAAA0000", "a=AAAA?", "a=AAAABBBB"];

        Assert.Equal(expected.Order(System.StringComparer.Ordinal), Synced(s_strict, "oo").Write("/a", "AAAABBBB").Outcomes());
    }

    [Fact]
    public void A_sector_that_was_cut_off_and_written_anew_may_show_garbage()
    {
        string[] outcomes = Synced(s_strict, "oooo").Resize("/a", 0).Write("/a", "NNNN").Outcomes();

        Assert.Equal(["a=", "a=0000", "a=?", "a=NNNN", "a=oooo"], outcomes);
    }

    [Fact]
    public void A_long_write_may_persist_to_the_end_of_any_of_its_pages()
    {
        foreach (PersistenceProfile profile in new[] { PersistenceProfile.Strict with { SectorBytes = 4096 },
            PersistenceProfile.Ext4Ordered with { SectorBytes = 4096 } })
        {
            string[] outcomes = Synced(profile, "").Write("/a", new string('N', 10_000)).Outcomes();

            Assert.Contains("a=", outcomes);
            Assert.Contains("a=[4096N]", outcomes);
            Assert.Contains("a=[8192N]", outcomes);
            Assert.Contains("a=[10000N]", outcomes);
        }
    }

    [Fact]
    public void On_ext4_a_size_persists_with_its_data()
    {
        Assert.Equal(["a=", "a=AAAA"], Synced(s_ext4, "").Write("/a", "AAAA").Outcomes());
    }

    [Fact]
    public void On_ext4_the_end_of_a_sector_persists_with_the_size_that_covers_it()
    {
        Assert.Equal(["a=oo", "a=ooAA"], Synced(s_ext4, "oo").Write("/a", "AA", 2).Outcomes());
    }

    [Fact]
    public void On_ext4_an_overwritten_sector_beyond_the_synced_size_may_be_found_as_it_was_before()
    {
        Rig rig = Synced(s_ext4, "").Write("/a", "AAAABBBB").Write("/a", "CCCC");

        Assert.Equal(["a=", "a=AAAABBBB", "a=CCCCBBBB"], rig.Outcomes());
    }

    [Fact]
    public void Truncation_and_allocation_are_independent_of_the_data()
    {
        Assert.Equal(["a=oo", "a=oooo"], Synced(s_strict, "oooo").Resize("/a", 2).Outcomes());
        Assert.Equal(["a=oooo", "a=oooo0000"], Synced(s_strict, "oooo").Allocate("/a", 8).Outcomes());
        Assert.Equal(
            ["a=AAAA", "a=AAAA0000", "a=oooo", "a=oooo0000"], Synced(s_strict, "oooo").Write("/a", "AAAA").Allocate("/a", 8).Outcomes());
    }

    [Fact]
    public void On_ext4_an_allocated_size_may_persist_before_data_written_below_it()
    {
        Rig rig = Synced(s_ext4, "").Write("/a", "AAAA").Allocate("/a", 8);

        Assert.Equal(["a=", "a=00000000", "a=AAAA", "a=AAAA0000"], rig.Outcomes());
    }

    [Fact]
    public void Allocated_space_reads_as_zeros_and_never_as_garbage()
    {
        Assert.Equal(["a=", "a=00000000"], Synced(s_strict, "").Allocate("/a", 8).Outcomes());
    }

    [Fact]
    public void A_truncation_that_the_journal_has_committed_cuts_off_older_unsynced_data_for_good()
    {
        Rig rig = Synced(s_ext4, "").Write("/b", "").SyncAll();
        rig.Write("/a", "AAAA").Resize("/a", 2).Write("/b", "B").Sync("/b");

        Assert.Equal(["a=00 b=B", "a=AA b=B"], rig.Outcomes());
        rig.Sync("/a");
        Assert.Equal(["a=AA b=B"], rig.Outcomes());
    }

    [Fact]
    public void Unsynced_permissions_and_attributes_persist_or_not()
    {
        foreach (PersistenceProfile profile in PersistenceProfile.Gates.Where(static profile => !profile.IsVolatile))
        {
            Rig rig = Synced(profile, "x");
            Assert.Equal(SafeStore.FileSystem.Errno.None, rig.Calls.SetMode("/a", Rig.Mode600));

            Assert.Equal([Rig.Mode600, Rig.Mode640], Modes(rig).Order());
            Assert.Equal([Rig.Mode600], Modes(rig.Sync("/a")));
        }
    }

    [Fact]
    public void A_sync_of_data_leaves_the_permissions_pending()
    {
        Rig rig = Synced(PersistenceProfile.Strict, "x");
        Assert.Equal(SafeStore.FileSystem.Errno.None, rig.Calls.SetMode("/a", Rig.Mode600));

        Assert.Equal([Rig.Mode600, Rig.Mode640], Modes(rig.SyncData("/a")).Order());
    }

    private static Rig Synced(PersistenceProfile profile, string content) => new Rig(profile).Write("/a", content).Sync("/a", "/");

    private static System.IO.UnixFileMode[] Modes(Rig rig)
    {
        var modes = new System.Collections.Generic.HashSet<System.IO.UnixFileMode>();
        foreach (bool keeps in new[] { false, true })
        {
            var space = new SafeStore.Testing.Disks.PowerLossSpace(rig.Disk);
            SafeStore.Testing.Disks.Disk left = space.Materialize([.. space.Options.Select(options => keeps ? options - 1 : 0)], 0);
            modes.Add(left[left.Root.Names["a"]].Metadata.Mode);
        }

        return [.. modes];
    }
}
