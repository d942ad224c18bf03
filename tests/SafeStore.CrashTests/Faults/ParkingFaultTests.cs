using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Fault 6: one sandbox whose transaction cannot be published now, and a store that opens all the same.</summary>
public sealed class ParkingFaultTests : IDisposable
{
    private readonly Scene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("directory in a document's place")]
    [InlineData("directory in a deleted document's place")]
    [InlineData("mounted document")]
    [InlineData("immutable document")]
    [InlineData("append-only document")]
    [InlineData("immutable sandbox")]
    [InlineData("immutable container")]
    [InlineData("file in a container's place")]
    [InlineData("link in a container's place")]
    [InlineData("filesystem mounted over a container")]
    [InlineData("pipe in the lock file's place")]
    [InlineData("device in the lock file's place")]
    [InlineData("directory in the lock file's place")]
    [InlineData("immutable lock file")]
    public async Task A_store_opens_although_a_durable_transaction_of_one_sandbox_cannot_be_published_yet(string kind)
    {
        StoreLayout layout = await _scene.SeedAsync();
        Deaths.BeforePublishing(layout, "workload update");
        Obstacle obstacle = Obstacle.Of(kind, _scene, layout);
        for (int openings = 0; openings < 2; openings++)
        {
            await using StateStore store = await Sample.OpenAsync(layout);
            await Sample.PutAsync(store, Workloads.Two, "works");
            await AssertRefusedAsync(store);
            await AssertRefusedAsync(store);
            _ = await store.CheckpointAsync();
        }

        obstacle.Remove();
        await using (StateStore store = await Sample.OpenAsync(layout))
        {
            await AssertNewAsync(store);
            _ = await store.CheckpointAsync();
        }

        await using StateStore last = await Sample.OpenAsync(layout);
        await AssertNewAsync(last);
        await Sample.PutAsync(last, Workloads.One, "later");
        Sample.AssertSays("works", last, Workloads.Two);
    }

    [Fact]
    public async Task A_directory_in_the_place_of_a_lock_file_is_no_container()
    {
        StoreLayout layout = await _scene.SeedAsync();
        _ = Obstacle.Of("directory in the lock file's place", _scene, layout);
        await using StateStore store = await Sample.OpenAsync(layout);
        Assert.DoesNotContain("lock", store.ListContainers(Workloads.One));
    }

    [Fact]
    public async Task What_is_parked_counts_as_pending_for_a_reader()
    {
        StoreLayout layout = await _scene.SeedAsync();
        Deaths.BeforePublishing(layout, "workload update");
        Obstacle obstacle = Obstacle.Of("directory in a document's place", _scene, layout);
        await (await Sample.OpenAsync(layout)).DisposeAsync();
        Assert.Equal(1, await PendingAsync(layout));

        obstacle.Remove();
        await (await Sample.OpenAsync(layout)).DisposeAsync();
        Assert.Equal(0, await PendingAsync(layout));
    }

    [Theory]
    [InlineData("directory in a document's place")]
    [InlineData("mounted document")]
    [InlineData("immutable document")]
    public async Task A_transaction_that_waits_is_published_by_a_lock_of_the_same_process_when_nothing_is_in_its_way_any_more(string kind)
    {
        StoreLayout layout = await _scene.SeedAsync();
        Deaths.BeforePublishing(layout, "workload update");
        Obstacle obstacle = Obstacle.Of(kind, _scene, layout);
        await using StateStore store = await Sample.OpenAsync(layout);
        await AssertRefusedAsync(store);
        obstacle.Remove();
        await AssertNewAsync(store);
    }

    [Theory]
    [InlineData("file in a container's place")]
    [InlineData("filesystem mounted over a container")]
    public async Task Of_a_transaction_over_two_sandboxes_only_the_part_waits_that_something_is_in_the_way_of(string kind)
    {
        StoreLayout layout = await _scene.SeedAsync();
        Deaths.BeforePublishing(layout, "workload two-sandboxes");
        Obstacle obstacle = Obstacle.Of(kind, _scene, layout);
        await using StateStore store = await Sample.OpenAsync(layout);
        Sample.AssertSays("new", store, Workloads.Two, container: "web");
        await Sample.PutAsync(store, Workloads.Two, "works");
        await AssertRefusedAsync(store);
        obstacle.Remove();
        await using SandboxLock held = await store.LockAsync(Workloads.One);
        Sample.AssertSays("new", store, Workloads.One, container: "web");
    }

    [Fact]
    public async Task A_transaction_that_waits_for_a_sandbox_which_another_program_deletes_is_in_no_way_of_a_new_one()
    {
        StoreLayout layout = await _scene.SeedAsync();
        Deaths.BeforePublishing(layout, "workload update");
        Obstacle obstacle = Obstacle.Of("immutable document", _scene, layout);
        await using (await Sample.OpenAsync(layout))
        {
            // It waits now.
        }

        obstacle.Remove();
        Directory.Delete(Path.Combine(layout.Config, Workloads.One), recursive: true);
        Directory.Delete(Path.Combine(layout.Run, Workloads.One), recursive: true);
        await using StateStore store = await Sample.OpenAsync(layout);
        _ = await Workloads.CreateAsync(store, Workloads.One, "web");
        Sample.AssertSays("old", store, Workloads.One);
        Sample.AssertSays("old", store, Workloads.One, container: "web");
    }

    [Theory]
    [InlineData("remove sb-1")]
    [InlineData("workload remove-container")]
    public async Task A_directory_of_an_overlay_s_lower_layer_that_cannot_be_renamed_does_not_close_the_store(string command)
    {
        StoreLayout lower = await Scene.SeedAsync(StoreLayout.At(_scene.Make("lower")));
        StoreLayout layout = Overlay(lower);
        using (ChildProcess child = ChildProcess.Open(layout))
        {
            _ = child.Ask(command); // the kernel may say EXDEV
            _ = child.Expect("put sb-2 1 goes-on 1");
            _ = child.Kill();
        }

        await Sample.AssertOpensAndWorksAsync(layout);
        await Sample.AssertOpensAndWorksAsync(layout);
    }

    private StoreLayout Overlay(StoreLayout lower)
    {
        string merged = _scene.Make("merged");
        string upper = $"upperdir={_scene.Make("upper")},workdir={_scene.Make("work")}";
        string options = $"lowerdir={Path.GetDirectoryName(lower.Config)},{upper},redirect_dir=off";
        _scene.MountOn(merged, "-t", "overlay", "overlay", "-o", options);
        return StoreLayout.At(merged);
    }

    /// <summary>The sandbox's own error, which says whose it is; not that of the store.</summary>
    private static async Task<long?> PendingAsync(StoreLayout layout)
    {
        await using StateStore reader = await StateStore.OpenAsync(layout, new StoreOptions { Opening = StoreOpening.ReadOnly });
        return reader.PendingTransactions;
    }

    private static async Task AssertRefusedAsync(StateStore store)
    {
        SafeStoreException refused = await Assert.ThrowsAnyAsync<SafeStoreException>(async () => await store.LockAsync(Workloads.One));
        Assert.IsNotType<StoreFaultedException>(refused);
        Assert.IsNotType<NotFoundException>(refused);
        Assert.Contains(Workloads.One, refused.Message);
        Assert.False(store.IsFaulted);
    }

    private static async Task AssertNewAsync(StateStore store)
    {
        await using SandboxLock held = await store.LockAsync(Workloads.One);
        Sample.AssertSays("new", store, Workloads.One);
        Sample.AssertSays("new", store, Workloads.One, container: "web");
        Sample.AssertSays("new", store, Workloads.One, container: "db");
        Assert.Null(Sample.Read(store, Workloads.One, "note.json", "db", StoreRoot.Run));
    }
}
