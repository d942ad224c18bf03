using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Fault 23: what other programs see that watch a sandbox by inotify.</summary>
public sealed class WatcherFaultTests : IDisposable
{
    private readonly Scene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData(StoreRoot.Config)]
    [InlineData(StoreRoot.Run)]
    public async Task A_watcher_on_tmpfs_does_not_see_a_replaced_document_go(StoreRoot root)
    {
        Mount memory = _scene.Disk("tmpfs");
        StoreLayout layout = await Scene.SeedAsync(memory.Layout);
        string directory = Path.Combine(root == StoreRoot.Config ? layout.Config : layout.Run, Workloads.One);
        string file = root == StoreRoot.Config ? "config.json" : "state.json";
        using var watch = new DocumentWatch(directory);
        await using (StateStore store = await Sample.OpenAsync(layout))
        {
            _ = await Workloads.ChangeAsync(store, Workloads.One, change => change.PutJson(root, null, file, Workloads.Json("replaced")));
        }

        await watch.AssertStaysAsync(file);
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public async Task A_watcher_does_not_see_a_document_go_that_is_replaced_by_rename(string kind)
    {
        Mount disk = _scene.Disk(kind);
        StoreLayout layout = await Scene.SeedAsync(disk.Layout);
        using var watch = new DocumentWatch(Path.Combine(layout.Config, Workloads.One));
        await using StateStore store = await Sample.OpenAsync(layout, Workloads.Options with { Replacing = DocumentReplacing.Rename });
        await Sample.PutAsync(store, Workloads.One, "replaced");
        await watch.AssertStaysAsync("config.json");
    }
}
