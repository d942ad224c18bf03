using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Kills;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Disks;

/// <summary>The whole life of a store on each filesystem that it is for.</summary>
public sealed class FileSystemTests
{
    private static readonly string[] Life =
        ["update", "create-container", "remove-container", "two-sandboxes", "create-sandbox", "remove-sandbox"];

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    [InlineData("tmpfs")]
    public async Task A_store_lives_the_same_life_on_every_filesystem(string kind)
    {
        using var images = new TempDirectory();
        using Mount mount = Mount.Of(kind, images);
        using var here = new TempDirectory();
        string expected = await LiveAsync(StoreLayout.At(here.Path));
        string found = await LiveAsync(mount.Layout);
        Assert.Equal(expected, found);
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    [InlineData("tmpfs")]
    public async Task A_killed_transaction_is_recovered_on_every_filesystem(string kind)
    {
        using var images = new TempDirectory();
        using Mount mount = Mount.Of(kind, images);
        using SeededStore seeded = await SeededStore.MakeAsync();
        foreach ((string verb, bool isDurable) in new[] { ("exchange", true), ("create", false), ("write", false), ("unlink", true) })
        {
            var layout = StoreLayout.At(Path.Combine(mount.Path, verb));
            await using (StateStore store = await StateStore.OpenAsync(layout, Workloads.Options))
            {
                await Workloads.SeedAsync(store);
            }

            KillPoint[] points = [.. KillPoint.Of(Victim.StepsOf(seeded.Copy(), "update"))];
            KillPoint point = verb == "write" ? KillPoint.OfAppend(points) : points.First(point => point.Verb == verb);
            _ = Victim.Of(layout, "update", point);
            string expected = isDurable ? await seeded.AfterAsync("update") : Trees.Of(seeded.Layout);
            await using StateStore recovered = await StateStore.OpenAsync(layout, Workloads.Options);
            Assert.Equal(expected, Trees.Of(layout));
            Trees.AssertNoStrays(layout, alsoTrash: true);
        }
    }

    [Fact]
    public async Task Roots_may_lie_on_different_filesystems_and_a_volatile_one_may_get_lost()
    {
        using var images = new TempDirectory();
        using Mount disk = Mount.Of("ext4", images);
        string config = Path.Combine(disk.Path, "config");
        using var here = new TempDirectory();
        string expected = await LiveAsync(StoreLayout.At(here.Path));
        using (Mount memory = Mount.Of("tmpfs", images))
        {
            var layout = StoreLayout.Of(config, Path.Combine(memory.Path, "run"));
            Assert.Equal(expected, await LiveAsync(layout));
            using ChildProcess child = ChildProcess.Open(layout);
            _ = child.Expect("put sb-2 6 kept 1");
            _ = child.Kill();
        }

        using Mount fresh = Mount.Of("tmpfs", images);
        await using StateStore store =
            await StateStore.OpenAsync(StoreLayout.Of(config, Path.Combine(fresh.Path, "run")), Workloads.Options);
        Assert.Equal([Workloads.Two, Workloads.Three], store.ListSandboxes());
        Assert.Contains(
            "kept", System.Text.Encoding.UTF8.GetString(
            store.ReadJson(new DocumentId(Workloads.Two, null, StoreRoot.Config, "doc-5.json"))!));
        Assert.Null(store.ReadJson(new DocumentId(Workloads.Two, null, StoreRoot.Run, "state.json")));
        _ = await Workloads.ChangeAsync(
            store, Workloads.Two, change => change.PutJson(StoreRoot.Run, "web", "state.json", Workloads.Json("new")));
        Assert.NotNull(store.ReadJson(new DocumentId(Workloads.Two, "web", StoreRoot.Run, "state.json")));
    }

    private static async Task<string> LiveAsync(StoreLayout layout)
    {
        await using (StateStore store = await StateStore.OpenAsync(layout, Workloads.Options))
        {
            await Workloads.SeedAsync(store);
        }

        foreach (string workload in Life)
        {
            await using StateStore store = await StateStore.OpenAsync(layout, Workloads.Options);
            Lsn lsn = await Workloads.RunAsync(store, workload);
            string before = Trees.Of(layout);
            Assert.Equal(lsn, await store.CheckpointAsync());
            Assert.Equal(before, Trees.Of(layout));
        }

        await using StateStore last = await StateStore.OpenAsync(layout, Workloads.Options);
        Assert.Equal([Workloads.Two, Workloads.Three], last.ListSandboxes());
        Trees.AssertNoStrays(layout, alsoTrash: true);
        return Trees.WithLockWords(layout);
    }
}
