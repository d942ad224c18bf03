using System;
using System.IO;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Tests.Documents;

public sealed class StoreLayoutTests
{
    [Fact]
    public void Katas_layout_has_the_seeds_roots_with_the_metadata_beside_them()
    {
        StoreLayout layout = StoreLayout.Kata();

        Assert.Equal(("/var/lib/vc/sbs", "/run/vc/sbs"), (layout.Config, layout.Run));
        Assert.Equal(("/var/lib/vc/sbs.safestore", "/run/vc/sbs.safestore"), (layout.ConfigMetadata, layout.RunMetadata));
    }

    [Fact]
    public void Katas_layout_of_a_rootless_runtime_lies_below_its_directory()
    {
        StoreLayout layout = StoreLayout.Kata("/run/user/1000/");

        Assert.Equal(("/run/user/1000/var/lib/vc/sbs", "/run/user/1000/run/vc/sbs"), (layout.Config, layout.Run));
        Assert.Throws<ArgumentException>(() => StoreLayout.Kata(" "));
    }

    [Fact]
    public async Task A_store_with_metadata_beside_its_roots_leaves_nothing_of_its_own_in_them()
    {
        using var test = new TestStore();
        StoreLayout layout = StoreLayout.Kata(test.Layout.Config);
        await using (StateStore store = await StateStore.OpenAsync(layout))
        {
            await using SandboxLock held = await store.LockNewAsync("sb-1");
            await held.Change().PutJson(StoreRoot.Run, null, "state.json", "{}"u8).CommitAsync();
        }

        Assert.Equal(["sb-1"], Array.ConvertAll(Directory.GetFileSystemEntries(layout.Config), Path.GetFileName));
        Assert.Equal(["sb-1"], Array.ConvertAll(Directory.GetFileSystemEntries(layout.Run), Path.GetFileName));
    }
}
