using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace SafeStore.Testing.Tests.Persistence;

/// <summary>
/// What was measured on loop images with ext4, XFS and btrfs, and exactly what each profile allows there: the measured states and no more
/// than the model's rules add.
/// </summary>
public sealed class MeasuredScenariosTests
{
    private static readonly Dictionary<string, Func<Rig, Rig>> s_scenarios = new(StringComparer.Ordinal)
    {
        ["write, rename over"] = static rig => Old(rig).Write("/t", "new").Rename("/t", "/a"),
        ["create, write"] = static rig => rig.Write("/a", "new"),
        ["sync of the new file"] = static rig => rig.Write("/a", "new").Sync("/a"),
        ["sync of the new file in a new directory"] = static rig => rig.Make("/d").Write("/d/a", "new").Sync("/d/a"),
        ["sync, rename over"] = static rig => Old(rig).Write("/t", "new").Sync("/t").Rename("/t", "/a"),
        ["sync, rename over, sync of another file"] = static rig =>
        Old(rig).Write("/u", "").SyncAll().Write("/t", "new").Sync("/t").Rename("/t", "/a").Write("/u", "u").Sync("/u"),
        ["sync, rename over, sync of the renamed file"] = static rig =>
        Old(rig).Write("/t", "new").Sync("/t").Rename("/t", "/a").Sync("/a"),
        ["sync, rename over, sync of the directory"] = static rig => Old(rig).Write("/t", "new").Sync("/t").Rename("/t", "/a").Sync("/"),
        ["sync, link"] = static rig => rig.Write("/t", "new").SyncAll().Link("/t", "/a"),
        ["move, sync of the target directory"] = static rig =>
        rig.Make("/d").Make("/e").Write("/d/a", "x").SyncAll().Rename("/d/a", "/e/a").Sync("/e"),
        ["sync, rename over, unlink of the journal"] = static rig =>
        Old(rig).Write("/j", "j").Write("/t", "new").SyncAll().Rename("/t", "/a").Unlink("/j"),
        ["unlink"] = static rig => Old(rig).Unlink("/a"),
    };

    [Theory]
    [InlineData("write, rename over", "a=new | a=old | a=old t= | a=old t=new")]
    [InlineData("create, write", " | a= | a=new")]
    [InlineData("sync of the new file", "a=new")]
    [InlineData("sync of the new file in a new directory", "d/a=new")]
    [InlineData("sync, rename over", "a=new | a=old t=new")]
    [InlineData("sync, rename over, sync of another file", "a=new u=u")]
    [InlineData("sync, rename over, sync of the renamed file", "a=new")]
    [InlineData("sync, rename over, sync of the directory", "a=new")]
    [InlineData("sync, link", "a=new t=new | t=new")]
    [InlineData("move, sync of the target directory", "d/ e/a=x")]
    [InlineData("sync, rename over, unlink of the journal", "a=new | a=new j=j | a=old j=j t=new")]
    [InlineData("unlink", " | a=old")]
    public void On_ext4_a_replacing_rename_persists_with_its_data_and_names_persist_in_order(string scenario, string outcomes) =>
        Check(PersistenceProfile.Ext4Ordered, scenario, outcomes);

    [Theory]
    [InlineData("write, rename over", "a= | a=new | a=old | a=old t= | a=old t=new")]
    [InlineData("create, write", " | a= | a=new")]
    [InlineData("sync of the new file", "a=new")]
    [InlineData("sync of the new file in a new directory", "d/a=new")]
    [InlineData("sync, rename over", "a=new | a=old t=new")]
    [InlineData("sync, rename over, sync of another file", "a=new u=u")]
    [InlineData("sync, rename over, sync of the renamed file", "a=new")]
    [InlineData("sync, rename over, sync of the directory", "a=new")]
    [InlineData("move, sync of the target directory", "d/ e/a=x")]
    [InlineData("sync, rename over, unlink of the journal", "a=new | a=new j=j | a=old j=j t=new")]
    [InlineData("unlink", " | a=old")]
    public void On_xfs_and_ext4_without_auto_da_alloc_a_rename_may_persist_before_its_data(string scenario, string outcomes)
    {
        Check(PersistenceProfile.Ext4NoAuto, scenario, outcomes);
        Check(PersistenceProfile.Xfs, scenario, outcomes);
    }

    [Theory]
    [InlineData("write, rename over", "a= | a=new | a=old | a=old t= | a=old t=new")]
    [InlineData("create, write", " | a= | a=new")]
    [InlineData("sync of the new file", "a=new")]
    [InlineData("sync of the new file in a new directory", "d/a=new")]
    [InlineData("sync, rename over", "a=new | a=old t=new")]
    [InlineData("sync, rename over, sync of another file", "a=new u=u | a=old t=new u=u")]
    [InlineData("sync, rename over, sync of the renamed file", "a=new")]
    [InlineData("sync, rename over, sync of the directory", "a=new")]
    [InlineData("move, sync of the target directory", "d/ e/a=x | d/a=x e/a=x")]
    [InlineData("sync, rename over, unlink of the journal", "a=new | a=new j=j | a=old j=j t=new")]
    [InlineData("unlink", " | a=old")]
    public void On_btrfs_a_sync_brings_forward_its_file_and_the_names_of_it(string scenario, string outcomes) =>
        Check(PersistenceProfile.Btrfs with { IsDirectorySyncReliable = true }, scenario, outcomes);

    [Theory]
    [InlineData("write, rename over",
        "a= | a= t= | a=000 | a=000 t=000 | a=? | a=? t=? | a=new | a=new t=new | a=old | a=old t= | a=old t=000 | a=old t=? | a=old "
        + "t=new")]
    [InlineData("create, write", " | a= | a=000 | a=? | a=new")]
    [InlineData("sync of the new file", " | a=new")]
    [InlineData("sync of the new file in a new directory", " | d/ | d/a=new")]
    [InlineData("sync, rename over", "a=new | a=new t=new | a=old | a=old t=new")]
    [InlineData("sync, rename over, sync of another file", "a=new t=new u=u | a=new u=u | a=old t=new u=u | a=old u=u")]
    [InlineData("sync, rename over, sync of the renamed file", "a=new | a=new t=new | a=old | a=old t=new")]
    [InlineData("sync, rename over, sync of the directory", "a=new")]
    [InlineData("sync, link", "a=new t=new | t=new")]
    [InlineData("move, sync of the target directory", "d/ e/a=x | d/a=x e/a=x")]
    [InlineData("sync, rename over, unlink of the journal",
        "a=new | a=new j=j | a=new j=j t=new | a=new t=new | a=old j=j t=new | a=old t=new")]
    [InlineData("unlink", " | a=old")]
    public void The_strict_profile_allows_what_any_of_them_does_and_more(string scenario, string outcomes) =>
        Check(PersistenceProfile.Strict, scenario, outcomes);

    [Fact]
    public void Whatever_a_filesystem_allows_the_strict_profile_allows()
    {
        foreach (Func<Rig, Rig> scenario in s_scenarios.Values)
        {
            string[] strict = scenario(new Rig(PersistenceProfile.Strict)).Outcomes();
            foreach (PersistenceProfile profile in PersistenceProfile.Gates.Where(static profile => !profile.IsVolatile))
            {
                Assert.Empty(scenario(new Rig(profile)).Outcomes().Except(strict, StringComparer.Ordinal));
            }

            Assert.Empty(strict.Except(scenario(new Rig(PersistenceProfile.Hostile)).Outcomes(), StringComparer.Ordinal));
        }
    }

    private static void Check(PersistenceProfile profile, string scenario, string outcomes) =>
        Assert.Equal(outcomes.Split(" | ").Order(StringComparer.Ordinal), s_scenarios[scenario](new Rig(profile)).Outcomes());

    private static Rig Old(Rig rig) => rig.Write("/a", "old").SyncAll();
}
