using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Fault 1: what is mounted inside a sandbox that is removed.</summary>
public sealed class MountFaultTests : IDisposable
{
    private readonly Scene _scene = new();

    private string Store => Path.Combine(_scene.Path, "store");

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("config/sb-1/foreign")]
    [InlineData("run/sb-1/foreign")]
    [InlineData("config/sb-1/web/deep/below/foreign")]
    public async Task A_sandbox_with_a_mounted_directory_inside_is_not_removed_and_nothing_of_it_is_lost(string place)
    {
        StoreLayout layout = await _scene.SeedAsync();
        string outside = Outside();
        string mounted = Directory.CreateDirectory(Path.Combine(Store, place)).FullName;
        _scene.Bind(outside, mounted);
        await AssertRemovalIsRefusedAsync(layout, static change => change.RemoveSandbox());
        Assert.Equal("kept", Files.Read(Path.Combine(outside, "inner", "precious")));

        Tool.Run("umount", mounted);
        await using StateStore store = await Sample.OpenAsync(layout);
        await Sample.RemoveAsync(store, Workloads.One);
        Assert.DoesNotContain(Workloads.One, store.ListSandboxes());
        Assert.Equal("kept", Files.Read(Path.Combine(outside, "inner", "precious")));
    }

    [Theory]
    [InlineData("config/sb-1/web/foreign")]
    [InlineData("run/sb-1/web/foreign")]
    public async Task A_container_with_a_mounted_directory_inside_is_not_removed(string place)
    {
        StoreLayout layout = await _scene.SeedAsync();
        string outside = Outside();
        _scene.Bind(outside, Directory.CreateDirectory(Path.Combine(Store, place)).FullName);
        await AssertRemovalIsRefusedAsync(layout, static change => change.RemoveContainer("web"));
        Assert.Equal("kept", Files.Read(Path.Combine(outside, "inner", "precious")));
    }

    [Fact]
    public async Task A_sandbox_with_a_filesystem_of_its_own_mounted_inside_is_not_removed()
    {
        StoreLayout layout = await _scene.SeedAsync();
        string mounted = Directory.CreateDirectory(Path.Combine(layout.Config, Workloads.One, "foreign")).FullName;
        _scene.MountTmpfs(mounted);
        Files.Write(Path.Combine(mounted, "precious"), "kept");
        await AssertRemovalIsRefusedAsync(layout, static change => change.RemoveSandbox());
        Assert.Equal("kept", Files.Read(Path.Combine(mounted, "precious")));
    }

    [Theory]
    [InlineData("config/sb-1/foreign.sock")] // a file of another program
    [InlineData("run/sb-1/web/state.json")] // a document
    public async Task A_sandbox_with_a_file_mounted_inside_is_not_removed(string place)
    {
        StoreLayout layout = await _scene.SeedAsync();
        string outside = Path.Combine(Outside(), "inner", "precious");
        string mounted = Path.Combine(Store, place);
        Tool.Run("touch", mounted);
        _scene.Bind(outside, mounted);
        await AssertRemovalIsRefusedAsync(layout, static change => change.RemoveSandbox());
        Assert.Equal("kept", Files.Read(outside));
    }

    [Theory]
    [InlineData("config")]
    [InlineData("run")]
    public async Task A_sandbox_that_is_a_mount_point_itself_is_not_removed(string root)
    {
        StoreLayout layout = await _scene.SeedAsync();
        string directory = Path.Combine(Store, root, Workloads.One);
        _scene.Bind(directory, directory);
        await AssertRemovalIsRefusedAsync(layout, static change => change.RemoveSandbox());
    }

    [Theory]
    [InlineData("config/sb-1/foreign")]
    [InlineData("run/sb-1/foreign")]
    public async Task A_mount_into_a_sandbox_whose_removal_is_durable_does_not_close_the_store_and_is_not_emptied(string place)
    {
        StoreLayout layout = await _scene.SeedAsync();
        string mounted = Directory.CreateDirectory(Path.Combine(Store, place)).FullName;
        Deaths.BeforePublishing(layout, "remove sb-1");
        string outside = Outside();
        _scene.Bind(outside, mounted);
        await Sample.AssertOpensAndWorksAsync(layout);
        Assert.Equal("kept", Files.Read(Path.Combine(outside, "inner", "precious")));

        _ = Tool.TryRun("umount", mounted);
        await using StateStore store = await Sample.OpenAsync(layout);
        _ = await Assert.ThrowsAsync<NotFoundException>(async () => await store.LockAsync(Workloads.One));
        Assert.Equal("kept", Files.Read(Path.Combine(outside, "inner", "precious")));
    }

    private string Outside()
    {
        string outside = _scene.Make("outside");
        Directory.CreateDirectory(Path.Combine(outside, "inner"));
        Files.Write(Path.Combine(outside, "inner", "precious"), "kept");
        return outside;
    }

    /// <summary>Refused before the append: nothing has changed, and the store goes on and opens again.</summary>
    private static async Task AssertRemovalIsRefusedAsync(StoreLayout layout, Action<SandboxChange> removal)
    {
        string before = Trees.Of(layout);
        SafeStoreException? refused;
        await using (StateStore store = await Sample.OpenAsync(layout))
        {
            refused = await Record.ExceptionAsync(
                async () => await Workloads.ChangeAsync(store, Workloads.One, removal)) as SafeStoreException;
        }

        // What is there counts first: the message is no use to data that is gone.
        Assert.Equal(before, Trees.Of(layout));
        Assert.NotNull(refused);
        Assert.IsNotType<CommitNotPublishedException>(refused);
        Assert.Contains("mount", refused.Message);
        await Sample.AssertOpensAndWorksAsync(layout);
    }
}
