using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Fault 23: what a watcher sees where documents are replaced by rename.</summary>
public sealed class ReplacingFaultTests : IDisposable
{
    private readonly Scene _scene = new();

    public void Dispose() => _scene.Dispose();

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
