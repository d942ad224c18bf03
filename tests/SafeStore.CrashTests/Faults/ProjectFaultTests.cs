using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>
/// Fault 21: a project id that one directory hands down and another does not. A rename between them is refused with EXDEV.
/// </summary>
/// <remarks>xfs knows project ids also in kernels without quotas; ext4 does not.</remarks>
public sealed class ProjectFaultTests : IDisposable
{
    private readonly Scene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("config")]
    [InlineData("run")]
    public async Task A_root_that_hands_down_a_project_id_which_its_metadata_do_not_have_is_refused_before_anything_is_durable_or_works(
        string root)
    {
        Mount disk = _scene.Disk("xfs");
        StoreLayout layout = StoreLayout.Beside(Path.Combine(disk.Path, "config"), Path.Combine(disk.Path, "run"));
        HandDown(Directory.CreateDirectory(Path.Combine(disk.Path, root)).FullName);
        await AssertWorksOrIsRefusedAsync(layout, static async store => _ = await Workloads.CreateAsync(store, Workloads.One, "web"));
    }

    [Fact]
    public async Task A_root_that_gets_a_project_id_when_the_store_has_been_made_is_refused_before_anything_is_durable_or_works()
    {
        Mount disk = _scene.Disk("xfs");
        StoreLayout layout = await Scene.SeedAsync(disk.Layout);
        HandDown(layout.Config);
        HandDown(layout.Run);
        await AssertWorksOrIsRefusedAsync(layout, static async store => _ = await Workloads.CreateAsync(store, Workloads.Three, "web"));
    }

    [Fact]
    public async Task A_sandbox_with_a_project_id_of_its_own_gets_its_containers_and_documents_or_is_refused_before_anything_is_durable()
    {
        Mount disk = _scene.Disk("xfs");
        StoreLayout layout = await Scene.SeedAsync(disk.Layout);
        HandDown(Path.Combine(layout.Config, Workloads.One));
        await AssertWorksOrIsRefusedAsync(
            layout, static async store => _ = await Workloads.ChangeAsync(store, Workloads.One, static change =>
            change.CreateContainer("cache").PutJson(StoreRoot.Config, "cache", "config.json", Workloads.Json("new"))));
        await AssertWorksOrIsRefusedAsync(layout, static store => Sample.PutAsync(store, Workloads.One, "new"));
        await AssertWorksOrIsRefusedAsync(layout, static store => Sample.RemoveAsync(store, Workloads.One));
    }

    /// <summary>The other way round: what is replaced or removed is of another project than the metadata, into which it would go.</summary>
    [Fact]
    public async Task What_was_made_before_root_and_metadata_got_a_project_id_is_replaced_and_its_removal_works_or_is_refused()
    {
        Mount disk = _scene.Disk("xfs");
        StoreLayout layout = await Scene.SeedAsync(disk.Layout);
        foreach ((string root, string metadata) in new[] { (layout.Config, layout.ConfigMetadata), (layout.Run, layout.RunMetadata) })
        {
            HandDown(root);
            Tool.Run("chattr", "-R", "-p", "42", "+P", metadata);
        }

        await using (StateStore store = await Sample.OpenAsync(layout))
        {
            await Sample.PutAsync(store, Workloads.One, "new");
            Sample.AssertSays("new", store, Workloads.One);
            _ = await Workloads.CreateAsync(store, Workloads.Three, "web");
        }

        await AssertWorksOrIsRefusedAsync(layout, static store => Sample.RemoveAsync(store, Workloads.One));
        await AssertWorksOrIsRefusedAsync(
            layout, static async store => _ = await Workloads.ChangeAsync(store, Workloads.Two, static change =>
            change.RemoveContainer("web")));
    }

    private static async Task AssertWorksOrIsRefusedAsync(StoreLayout layout, Func<StateStore, Task> work)
    {
        Exception? refused = await Record.ExceptionAsync(async () =>
        {
            await using StateStore store = await Sample.OpenAsync(layout);
            await work(store);
        });
        Assert.True(refused is null or SafeStoreException, refused?.ToString());
        Assert.IsNotType<CommitNotPublishedException>(refused);
        if (refused is not null)
        {
            Assert.Contains("project", refused.Message);
        }
    }

    private static void HandDown(string directory) => Tool.Run("chattr", "-p", "42", "+P", directory);
}
