using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.Kata;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Cases;

/// <summary>The seed's api_test.go: containers, fetching, changing what runs.</summary>
public sealed class ApiContainerCases : IDisposable
{
    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    /// <summary>What the seed's calls need of the store, by their names.</summary>
    public static TheoryData<string> Calls =>
        ["StartContainer", "StopContainer", "EnterContainer", "StatusContainer", "StatsContainer", "ProcessListContainer"];

    [Fact]
    [Trait("case", "85")]
    public async Task CreateContainerSuccessful_has_a_config_directory()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");

        await store.ChangeAsync("sb-1", static edit => edit.Put(new NewContainer("c-1") { Config = CaseCalls.ConfigOf("c-1") }));

        Assert.True(Directory.Exists(_test.ConfigPath("sb-1/c-1")));
        Assert.True(Directory.Exists(_test.RunPath("sb-1/c-1")));
    }

    [Fact]
    [Trait("case", "86")]
    public async Task CreateContainerFailingNoSandbox_and_no_directory_comes_back()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");
        await store.Kata().RemoveAsync("sb-1");

        await Assert.ThrowsAsync<NotFoundException>(() => store.ChangeAsync("sb-1", static edit => edit.Put(new NewContainer("c-1"))));

        Assert.False(Directory.Exists(_test.ConfigPath("sb-1")) || Directory.Exists(_test.RunPath("sb-1")));
    }

    [Fact]
    [Trait("case", "87")]
    public async Task DeleteContainerSuccessful_takes_its_directories_and_not_the_sandbox_s()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1", "c-2");

        Assert.True(await store.Kata().RemoveContainerAsync("sb-1", "c-1"));

        Assert.False(Directory.Exists(_test.ConfigPath("sb-1/c-1")) || Directory.Exists(_test.RunPath("sb-1/c-1")));
        Assert.Equal(["c-2"], store.Store.ListContainers("sb-1"));
    }

    [Fact]
    [Trait("case", "88")]
    public async Task DeleteContainerFailingNoSandbox()
    {
        await using SandboxStore store = await _test.OpenAsync();

        Assert.False(await store.Kata().RemoveContainerAsync("sb-1", "c-1"));
        await Assert.ThrowsAsync<NotFoundException>(() => store.ChangeAsync("sb-1", static edit => edit.RemoveContainer("c-1")));
    }

    [Fact]
    [Trait("case", "89")]
    public async Task DeleteContainerFailingNoContainer()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");

        Assert.False(await store.Kata().RemoveContainerAsync("sb-1", "c-2"));
        await Assert.ThrowsAsync<NotFoundException>(() => store.ChangeAsync("sb-1", static edit => edit.RemoveContainer("c-2")));
        Assert.Equal(["c-1"], store.Store.ListContainers("sb-1"));
    }

    [Theory]
    [MemberData(nameof(Calls))]
    [Trait("case", "90")]
    public async Task The_failing_calls_of_a_container_are_told_that_the_sandbox_or_the_container_is_missing(string call)
    {
        await using SandboxStore store = await _test.OpenAsync();
        NotFoundException noSandbox = await Assert.ThrowsAsync<NotFoundException>(() => UseAsync(store, call, "c-1"));
        await store.CreateAsync(CaseCalls.Ready("sb-1", "c-1"));
        NotFoundException noContainer = await Assert.ThrowsAsync<NotFoundException>(() => UseAsync(store, call, "c-2"));
        await Assert.ThrowsAsync<ArgumentException>(() => UseAsync(store, call, ""));

        await File.WriteAllTextAsync(_test.ConfigPath("sb-1/c-1/config.json"), "");
        await File.WriteAllTextAsync(_test.RunPath("sb-1/c-1/state.json"), "");

        await Assert.ThrowsAsync<DocumentCorruptException>(() => UseAsync(store, call, "c-1"));
        Assert.Equal("sandbox", noSandbox.What);
        Assert.Contains(noContainer.What, new[] { "container", "document" });
    }

    [Fact]
    [Trait("case", "91")]
    public async Task FetchSandbox_gives_a_value_of_its_own_each_time()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");

        SandboxConfig one = store.Kata().Fetch<SandboxConfig>("sb-1", SandboxResource.Config)!;
        SandboxConfig two = store.Kata().Fetch<SandboxConfig>("sb-1", SandboxResource.Config)!;

        Assert.NotSame(one, two);
        CaseCalls.AssertSame(CaseCalls.Model.SandboxConfig, one, two);
    }

    [Fact]
    [Trait("case", "92")]
    public async Task FetchStatefulSandbox_is_never_an_old_one_from_memory_but_what_another_process_has_stored_since()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(
            new NewSandbox(
            "sb-1")
            { Config = TestSandboxes.ConfigOf("sb-1") with { Stateful = true }, State = CaseCalls.StateOf(Lifecycle.Ready) });
        _ = store.Kata().Fetch<State>("sb-1", SandboxResource.State);
        await using SandboxStore other = await _test.OpenAsync();

        await other.Kata().StoreAsync("sb-1", SandboxResource.State, CaseCalls.StateOf(Lifecycle.Running));

        Assert.Equal(Lifecycle.Running, store.Kata().Fetch<State>("sb-1", SandboxResource.State)!.Lifecycle);
        Assert.True(store.Kata().Fetch<SandboxConfig>("sb-1", SandboxResource.Config)!.Stateful);
    }

    [Fact]
    [Trait("case", "93")]
    public async Task FetchNonExistingSandbox()
    {
        await using SandboxStore store = await _test.OpenAsync();

        Assert.Null(store.Kata().Fetch<SandboxConfig>("sb-1", SandboxResource.Config));
        await Assert.ThrowsAsync<NotFoundException>(async () => await store.LockAsync("sb-1"));
        await Assert.ThrowsAsync<NotFoundException>(async () => await store.LockAsync("sb-1", LockMode.Shared));
        await Assert.ThrowsAsync<NotFoundException>(async () => await store.ReadStatusAsync("sb-1"));
    }

    [Fact]
    [Trait("case", "94")]
    public async Task ReleaseSandbox_lets_another_process_have_it()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");
        await using SandboxStore other = await _test.OpenAsync();
        ModelLock held = await store.LockAsync("sb-1");

        await held.DisposeAsync();

        await using ModelLock next = await other.LockAsync("sb-1", timeout: TimeSpan.Zero);
        Assert.Equal(LockMode.Exclusive, next.Mode);
    }

    [Fact]
    [Trait("case", "95")]
    public async Task UpdateContainer_changes_both_copies_of_its_configuration_in_one_transaction()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        await store.MoveAllAsync("sb-1", Lifecycle.Ready, Lifecycle.Running);

        await using (ModelLock held = await store.LockAsync("sb-1"))
        {
            ContainerConfig config =
                held.Read(
                "c-1", held.Model.ContainerConfig)! with
                {
                    Resources =
                new LinuxResources { Memory = new LinuxMemory { Limit = 4096 } }
                };
            await held.Change()
                .Put("c-1", held.Model.ContainerConfig, config)
                .Put(held.Model.SandboxConfig, held.Read(held.Model.SandboxConfig)! with { Containers = [config] })
                .CommitAsync();
        }

        await using SandboxStore other = await _test.OpenAsync();
        Assert.Equal(4096, other.Kata().FetchContainer<ContainerConfig>("sb-1", "c-1", SandboxResource.Config)!.Resources.Memory!.Limit);
        Assert.Equal(
            4096, Assert.Single(other.Kata().Fetch<SandboxConfig>("sb-1", SandboxResource.Config)!.Containers!).Resources.Memory!.Limit);
        await CaseCalls.AssertFaultAsync(
            ResourceFault.SandboxIdMissing, () =>
                store.Kata().StoreContainerAsync("", "c-1", SandboxResource.Config, CaseCalls.ConfigOf("c-1")));
        await CaseCalls.AssertFaultAsync(
            ResourceFault.ContainerIdMissing, () =>
            store.Kata().StoreContainerAsync("sb-1", "", SandboxResource.Config, CaseCalls.ConfigOf("c-1")));
    }

    [Fact]
    [Trait("case", "96")]
    public async Task PauseResumeContainer_moves_the_container_alone()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        await store.MoveAllAsync("sb-1", Lifecycle.Ready, Lifecycle.Running);

        await store.ChangeAsync("sb-1", static edit => edit.Transition("c-1", Lifecycle.Running, Lifecycle.Paused));
        Assert.Equal([Lifecycle.Running, Lifecycle.Paused], await _test.StatesAsync("sb-1"));
        await store.ChangeAsync("sb-1", static edit => edit.Transition("c-1", Lifecycle.Paused, Lifecycle.Running));
        Assert.Equal([Lifecycle.Running, Lifecycle.Running], await _test.StatesAsync("sb-1"));

        await Assert.ThrowsAsync<ArgumentException>(async () => await store.LockAsync(""));
        await Assert.ThrowsAsync<ArgumentException>(
            () => store.ChangeAsync("sb-1", static edit => edit.Transition("", Lifecycle.Running, Lifecycle.Paused)));
    }

    [Fact]
    [Trait("case", "97")]
    public async Task NetworkOperation_stores_the_interface_when_it_comes_and_when_it_goes()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");
        var network =
            new NetworkNamespace
            {
                NetNsPath = "/run/netns/x",
                NetNsCreated = true,
                Endpoints = [new TapEndpoint { EndpointType = "tap" }]
            };

        await ChangeAsync(store, old => (old ?? network) with { Endpoints = network.Endpoints });
        await using SandboxStore other = await _test.OpenAsync();
        Assert.IsType<TapEndpoint>(Assert.Single(other.Kata().Fetch<NetworkNamespace>("sb-1", SandboxResource.Network)!.Endpoints!));

        await ChangeAsync(store, static old => old! with { Endpoints = [] });
        NetworkNamespace left = other.Kata().Fetch<NetworkNamespace>("sb-1", SandboxResource.Network)!;
        Assert.Equal(("/run/netns/x", true, 0), (left.NetNsPath, left.NetNsCreated, left.Endpoints!.Count));

        static async Task ChangeAsync(SandboxStore store, Func<NetworkNamespace?, NetworkNamespace> change)
        {
            await using ModelLock held = await store.LockAsync("sb-1");
            await held.Change().Put(held.Model.Network, change(held.Read(held.Model.Network))).CommitAsync();
        }
    }

    /// <summary>What a call does with the store before it turns to the virtual machine.</summary>
    private static async Task UseAsync(SandboxStore store, string call, string container)
    {
        switch (call)
        {
            case "StartContainer":
                await store.ChangeAsync("sb-1", edit => edit.Transition(container, Lifecycle.Ready, Lifecycle.Running));
                break;
            case "StopContainer":
                await store.ChangeAsync("sb-1", edit => edit.Transition(container, Lifecycle.Running, Lifecycle.Stopped));
                break;
            default:
                await using (ModelLock held = await store.LockAsync("sb-1", LockMode.Shared))
                {
                    _ = held.Read(container, held.Model.ContainerConfig)
                        ?? store.Store.Require("sb-1", container, held.Model.ContainerConfig);
                }

                break;
        }
    }
}
