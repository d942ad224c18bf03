using System;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Kata;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Cases;

/// <summary>The seed's sandbox_test.go: containers of a sandbox.</summary>
public sealed class ContainerCases : IDisposable
{
    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    [Trait("case", "63")]
    public async Task CreateContainer_appears_with_its_documents_and_in_the_sandbox_s_list_at_once()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");

        await CreateAsync(store, "100");

        ContainerStatus container = Assert.Single((await store.ReadStatusAsync("sb-1")).Containers);
        Assert.Equal(("100", Lifecycle.Ready, "/rootfs/100"), (container.Id, container.Lifecycle, container.Config!.RootFs));
        CaseCalls.AssertSame(
            CaseCalls.Model.ContainerConfig, container.Config,
            Assert.Single(store.Kata().Fetch<SandboxConfig>("sb-1", SandboxResource.Config)!.Containers!));
    }

    [Fact]
    [Trait("case", "64")]
    public async Task DeleteContainer_of_an_unknown_id_is_told_and_a_created_one_goes()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");

        Assert.False(await store.Kata().RemoveContainerAsync("sb-1", "100"));
        NotFoundException failure =
            await Assert.ThrowsAsync<NotFoundException>(() => store.ChangeAsync("sb-1", static edit => edit.RemoveContainer("100")));
        Assert.Equal(("container", true), (failure.What, failure.Id.Contains("100", StringComparison.Ordinal)));

        await CreateAsync(store, "100");
        Assert.True(await store.Kata().RemoveContainerAsync("sb-1", "100"));
        Assert.Empty((await store.ReadStatusAsync("sb-1")).Containers);
    }

    [Fact]
    [Trait("case", "65")]
    public async Task StartContainer_stores_its_process_and_its_state_in_one_transaction()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "100");

        await StartAsync(store);

        await using SandboxStore other = await _test.OpenAsync();
        ContainerStatus container = Assert.Single((await other.ReadStatusAsync("sb-1")).Containers);
        Assert.Equal((Lifecycle.Running, "token", 4711), (container.Lifecycle, container.Process!.Token, container.Process.Pid));
    }

    [Fact]
    [Trait("case", "66")]
    public async Task StatusContainer_is_found_among_the_sandbox_s_containers()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "100", "200");

        SandboxStatus status = await store.ReadStatusAsync("sb-1");

        Assert.Empty(status.Errors);
        Assert.Equal(
            [("100", Lifecycle.Ready), ("200", Lifecycle.Ready)],
            status.Containers.Select(static container => (container.Id, container.Lifecycle)));
    }

    [Fact]
    [Trait("case", "67")]
    public async Task EnterContainer_needs_a_shared_lock_and_finds_it_running()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "100");
        await using SandboxStore other = await _test.OpenAsync();
        await StartAsync(store);

        await using ModelLock one = await store.LockAsync("sb-1", LockMode.Shared);
        await using ModelLock two = await other.LockAsync("sb-1", LockMode.Shared, TimeSpan.Zero);

        Assert.Equal(Lifecycle.Running, one.Read("100", one.Model.ContainerState)!.Lifecycle);
        Assert.Equal(4711, two.Read("100", two.Model.Process)!.Pid);
        Assert.Throws<InvalidOperationException>(() => two.Change());
    }

    [Fact]
    [Trait("case", "68")]
    public async Task FindContainer_of_an_empty_or_unknown_id_or_after_the_lock_s_end_is_told()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "100");
        ModelLock held = await store.LockAsync("sb-1");

        Assert.Throws<ArgumentException>(() => held.Read("", held.Model.ContainerState));
        Assert.Null(held.Read("200", held.Model.ContainerState));
        Assert.NotNull(held.Read("100", held.Model.ContainerState));
        Assert.Equal(["100"], held.ListContainers());
        Assert.Equal(
            "container",
            Assert.Throws<NotFoundException>(() => held.Change().Transition("200", Lifecycle.Ready, Lifecycle.Running)).What);
        await held.DisposeAsync();
        Assert.Throws<InvalidOperationException>(() => held.Read("100", held.Model.ContainerState));
    }

    [Fact]
    [Trait("case", "68")]
    public async Task RemoveContainer_of_an_empty_or_unknown_id_or_of_no_sandbox_is_told()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "100");

        await CaseCalls.AssertFaultAsync(ResourceFault.ContainerIdMissing, () => store.Kata().RemoveContainerAsync("sb-1", ""));
        await CaseCalls.AssertFaultAsync(ResourceFault.SandboxIdMissing, () => store.Kata().RemoveContainerAsync("", "100"));
        Assert.False(await store.Kata().RemoveContainerAsync("sb-1", "200"));
        Assert.False(await store.Kata().RemoveContainerAsync("sb-2", "100"));
        Assert.Equal(["100"], store.Store.ListContainers("sb-1"));

        Assert.True(await store.Kata().RemoveContainerAsync("sb-1", "100"));
        Assert.Empty(store.Store.ListContainers("sb-1"));
    }

    private static async Task CreateAsync(SandboxStore store, string container)
    {
        await using ModelLock held = await store.LockAsync("sb-1");
        SandboxConfig config = held.Read(held.Model.SandboxConfig)!;
        await held.Change()
            .Put(new NewContainer(container) { Config = CaseCalls.ConfigOf(container), State = CaseCalls.StateOf(Lifecycle.Ready) })
            .Put(held.Model.SandboxConfig, config with { Containers = [.. config.Containers!, CaseCalls.ConfigOf(container)] })
            .CommitAsync();
    }

    private static Task<Lsn> StartAsync(SandboxStore store) => store.ChangeAsync("sb-1", static edit => edit
        .Transition(Lifecycle.Ready, Lifecycle.Running)
        .Transition("100", Lifecycle.Ready, Lifecycle.Running)
        .Put("100", CaseCalls.Model.Process, new ContainerProcess { Token = "token", Pid = 4711 }));
}
