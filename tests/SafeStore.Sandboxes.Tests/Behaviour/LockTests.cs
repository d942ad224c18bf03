using System;
using System.Threading.Tasks;
using SafeStore.Kata;
using SafeStore.Sandboxes.Tests.Support;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Behaviour;

/// <summary>Section 1.8: locks.</summary>
public sealed class LockTests : IDisposable
{
    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    [Trait("behaviour", "44")]
    public async Task An_unknown_sandbox_cannot_be_locked_nor_one_without_id_and_waiting_ends_with_its_time()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        using ForeignProcess holder = await ForeignProcess.HoldAsync(_test.RunPath("sb-1/lock"));

        await Assert.ThrowsAsync<NotFoundException>(async () => await store.LockAsync("sb-2"));
        await Assert.ThrowsAsync<NotFoundException>(async () => await store.LockAsync("sb-2", LockMode.Shared));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.LockAsync(string.Empty));
        await Assert.ThrowsAsync<LockTimeoutException>(async () => await store.LockAsync("sb-1", timeout: TimeSpan.Zero));
    }

    [Fact]
    public async Task A_time_out_names_the_lock_file_where_it_lies_also_to_the_program_that_has_made_the_sandbox()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        using ForeignProcess holder = await ForeignProcess.HoldAsync(_test.RunPath("sb-1/lock"));

        LockTimeoutException late =
            await Assert.ThrowsAsync<LockTimeoutException>(async () => await store.LockAsync("sb-1", timeout: TimeSpan.Zero));

        Assert.Equal(_test.RunPath("sb-1/lock"), late.Path);
        Assert.Contains(late.Path, late.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("behaviour", "45")]
    public async Task Releasing_twice_is_no_error_and_a_released_lock_can_do_nothing()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        ModelLock held = await store.LockAsync("sb-1");

        await held.DisposeAsync();
        await held.DisposeAsync();

        Assert.Throws<InvalidOperationException>(() => held.Change());
        Assert.Throws<InvalidOperationException>(() => held.Read(TestSandboxes.Model.SandboxState));
        Assert.True(await ForeignProcess.CanLockAsync(_test.RunPath("sb-1/lock")));
    }

    [Fact]
    [Trait("behaviour", "46")]
    public async Task Locks_are_per_sandbox_and_its_containers_share_it()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await using SandboxStore other = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        await store.CreateAsync(Samples.Sandbox("sb-2"));
        await using ModelLock held = await store.LockAsync("sb-1");

        await using ModelLock second = await other.LockAsync("sb-2", timeout: TimeSpan.Zero);

        await Assert.ThrowsAsync<LockTimeoutException>(async () => await other.LockAsync("sb-1", timeout: TimeSpan.Zero));
        await held.Change().Put("web", TestSandboxes.Model.ContainerState, Samples.Ready).CommitAsync();
    }

    [Fact]
    [Trait("behaviour", "47")]
    public async Task A_lock_ends_with_its_process()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        using ForeignProcess holder = await ForeignProcess.HoldAsync(_test.RunPath("sb-1/lock"));
        await Assert.ThrowsAsync<LockTimeoutException>(async () => await store.LockAsync("sb-1", timeout: TimeSpan.Zero));

        await holder.KillAsync();

        await using ModelLock held = await store.LockAsync("sb-1", timeout: TimeSpan.Zero);
        Assert.Equal(LockMode.Exclusive, held.Mode);
    }

    [Theory]
    [Trait("behaviour", "48")]
    [InlineData("create")]
    [InlineData("remove")]
    [InlineData("store")]
    [InlineData("remove container")]
    [InlineData("take block index")]
    public async Task What_changes_a_sandbox_takes_its_exclusive_lock_and_also_creation(string operation)
    {
        await using SandboxStore store = await _test.OpenAsync(options: _test.Options with { LockTimeout = TimeSpan.Zero });
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        using ForeignProcess reader = await ForeignProcess.HoldAsync(_test.RunPath("sb-1/lock"), LockMode.Shared);

        Exception? failure = await Record.ExceptionAsync(async () => await (operation switch
        {
            "create" => store.CreateAsync(Samples.Sandbox("sb-1")).AsTask(),
            "remove" => store.Kata().RemoveAsync("sb-1").AsTask(),
            "store" => store.Kata().StoreAsync("sb-1", SandboxResource.State, Samples.Ready).AsTask(),
            "remove container" => store.Kata().RemoveContainerAsync("sb-1", "web").AsTask(),
            _ => (Task)store.TakeBlockIndexAsync("sb-1").AsTask(),
        }));

        Assert.IsType(operation == "create" ? typeof(AlreadyExistsException) : typeof(LockTimeoutException), failure);
    }

    [Fact]
    [Trait("behaviour", "48")]
    public async Task Status_takes_the_shared_lock_and_listing_and_fetching_none()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        using (ForeignProcess reader = await ForeignProcess.HoldAsync(_test.RunPath("sb-1/lock"), LockMode.Shared))
        {
            Assert.Equal(Lifecycle.Ready, (await store.ReadStatusAsync("sb-1", TimeSpan.Zero)).Lifecycle);
        }

        using ForeignProcess writer = await ForeignProcess.HoldAsync(_test.RunPath("sb-1/lock"));
        await Assert.ThrowsAsync<LockTimeoutException>(async () => await store.ReadStatusAsync("sb-1", TimeSpan.Zero));
        Assert.Single(store.ReadStatuses());
        Assert.NotNull(store.Kata().Fetch<State>("sb-1", SandboxResource.State));
    }

    [Fact]
    [Trait("behaviour", "49")]
    public async Task Nothing_is_kept_in_memory_what_another_process_stores_is_seen_at_once()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await using SandboxStore other = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        _ = store.ReadStatuses();

        await other.Kata().StoreAsync("sb-1", SandboxResource.State, new State { Lifecycle = Lifecycle.Stopped });

        Assert.Equal(Lifecycle.Stopped, Assert.Single(store.ReadStatuses()).Lifecycle);
        await Assert.ThrowsAsync<AlreadyExistsException>(async () => await other.CreateAsync(new NewSandbox("sb-1")));
    }

    [Fact]
    [Trait("behaviour", "50")]
    public async Task Annotations_are_immutable_and_a_change_of_them_is_a_transaction()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        SandboxConfig before = store.Kata().Fetch<SandboxConfig>("sb-1", SandboxResource.Config)!;

        SandboxConfig after = before with { Annotations = new System.Collections.Generic.Dictionary<string, string> { ["a"] = "1" } };
        await store.Kata().StoreAsync("sb-1", SandboxResource.Config, after);

        Assert.Empty(before.Annotations!);
        Assert.Equal("1", store.Kata().Fetch<SandboxConfig>("sb-1", SandboxResource.Config)!.Annotations!["a"]);
    }
}
