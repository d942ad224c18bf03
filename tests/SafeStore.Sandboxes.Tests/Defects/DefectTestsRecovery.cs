using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Kata;
using SafeStore.Sandboxes.Tests.Cases;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Defects;

/// <summary>docs/kata-defects.md, 15 to 24: recovery.</summary>
public sealed class DefectTestsRecovery : IDisposable
{
    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    /// <summary>Every document of the run root, and how it is fetched.</summary>
    public static TheoryData<string> RunDocuments =>
    [
        "sb-1/state.json", "sb-1/network.json", "sb-1/devices.json", "sb-1/hypervisor.json", "sb-1/agent.json",
        "sb-1/c-1/state.json", "sb-1/c-1/process.json", "sb-1/c-1/mounts.json", "sb-1/c-1/devices.json",
    ];

    [Theory]
    [MemberData(nameof(RunDocuments))]
    public async Task An_unreadable_document_is_an_error_stays_as_it_is_and_is_never_taken_for_a_new_sandbox(string file)
    {
        await using SandboxStore store = await CreateFullAsync();
        string path = _test.RunPath(file);
        string text = (await File.ReadAllTextAsync(path))[..^1]; // cut
        await File.WriteAllTextAsync(path, text);
        SortedDictionary<string, string> before = _test.Tree();

        DocumentCorruptException failure = Assert.Throws<DocumentCorruptException>(() => Fetch(store, file));
        SandboxStatus status = await store.ReadStatusAsync("sb-1");

        Assert.Equal(path, failure.Path);
        Assert.All(RunDocuments.Select(static row => row.Data).Where(other => other != file), other => Assert.NotNull(Fetch(store, other)));
        Assert.Equal(file == "sb-1/state.json" ? Lifecycle.Unknown : Lifecycle.Running, status.Lifecycle);
        Assert.Equal(before, _test.Tree());
    }

    [Fact]
    public async Task A_state_that_cannot_be_read_is_not_changed_by_a_transition()
    {
        await using SandboxStore store = await CreateFullAsync();
        await _test.WriteRunFileAsync("sb-1/state.json", "");
        await _test.WriteRunFileAsync("sb-1/c-1/state.json", "");

        await Assert.ThrowsAsync<DocumentCorruptException>(
            () => store.ChangeAsync("sb-1", static edit => edit.Transition(Lifecycle.Ready, Lifecycle.Running)));
        await Assert.ThrowsAsync<DocumentCorruptException>(
            () => store.ChangeAsync("sb-1", static edit => edit.Transition("c-1", Lifecycle.Ready, Lifecycle.Running)));
        await Assert.ThrowsAsync<DocumentCorruptException>(async () => await store.TakeBlockIndexAsync("sb-1"));

        Assert.Equal(2, (await store.ReadStatusAsync("sb-1")).Errors.Count);
        Assert.Equal("", await File.ReadAllTextAsync(_test.RunPath("sb-1/state.json")));
    }

    [Fact]
    public async Task Looking_at_a_sandbox_changes_nothing_even_if_its_configuration_would_be_refused_today()
    {
        await using SandboxStore store = await CreateFullAsync();
        await File.WriteAllTextAsync(_test.ConfigPath("sb-1/config.json"), """{"ID":"sb-1"}"""); // no kernel
        SortedDictionary<string, string> before = _test.Tree();

        Assert.Equal("sb-1", store.Kata().Fetch<SandboxConfig>("sb-1", SandboxResource.Config)!.Id);
        Assert.Equal(Lifecycle.Running, (await store.ReadStatusAsync("sb-1")).Lifecycle);
        Assert.Equal(Lifecycle.Running, Assert.Single(store.ReadStatuses()).Lifecycle);
        await using (ModelLock held = await store.LockAsync("sb-1", LockMode.Shared))
        {
            _ = held.Read(held.Model.Devices);
        }

        await (await store.LockAsync("sb-1")).DisposeAsync();
        Assert.Equal(before, _test.Tree());
    }

    [Fact]
    public async Task A_sandbox_whose_configuration_cannot_be_read_is_listed_inspected_and_removed()
    {
        await using SandboxStore store = await CreateFullAsync();
        await File.WriteAllTextAsync(_test.ConfigPath("sb-1/config.json"), "{\"ID\":");

        SandboxStatus listed = Assert.Single(store.ReadStatuses());
        SandboxStatus status = await store.ReadStatusAsync("sb-1");

        Assert.Equal((Lifecycle.Running, "c-1"), (listed.Lifecycle, Assert.Single(listed.Containers).Id));
        Assert.Equal(_test.ConfigPath("sb-1/config.json"), Assert.IsType<DocumentCorruptException>(Assert.Single(status.Errors)).Path);
        Assert.NotNull(store.Kata().Fetch<QemuState>("sb-1", SandboxResource.Hypervisor));
        Assert.True(await store.Kata().RemoveAsync("sb-1"));
        Assert.Empty(store.ReadStatuses());
    }

    [Fact]
    public async Task A_sandbox_whose_lock_file_is_gone_is_locked_with_a_new_one()
    {
        await using (SandboxStore store = await CreateFullAsync())
        {
            await store.Store.CheckpointAsync();
        }

        File.Delete(_test.RunPath("sb-1/lock"));
        await using SandboxStore again = await _test.OpenAsync();

        await again.ChangeAsync("sb-1", static edit => edit.Transition(Lifecycle.Running, Lifecycle.Paused));

        Assert.True(File.Exists(_test.RunPath("sb-1/lock")));
        Assert.Equal(Lifecycle.Paused, Assert.Single(again.ReadStatuses()).Lifecycle);
    }

    private async Task<SandboxStore> CreateFullAsync()
    {
        SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(new NewSandbox("sb-1")
        {
            Config = TestSandboxes.ConfigOf("sb-1"),
            State = CaseCalls.StateOf(Lifecycle.Running),
            Network = new NetworkNamespace { NetNsPath = "/run/netns/x" },
            Devices = [new GenericDevice { Id = "generic-1" }],
            Qemu = new QemuState { Uuid = "u-1", HotpluggedMemory = 512 },
            Agent = new AgentState { ProxyPid = 17 },
            Containers =
            [
                new NewContainer("c-1")
                {
                    Config = CaseCalls.ConfigOf("c-1"),
                    State = CaseCalls.StateOf(Lifecycle.Running),
                    Process = new ContainerProcess { Pid = 4711 },
                    Mounts = [new Mount { Source = "/a" }],
                    Devices = [new ContainerDevice { Id = "generic-1" }],
                },
            ],
        });
        return store;
    }

    private static object? Fetch(SandboxStore store, string file) => file switch
    {
        "sb-1/state.json" => store.Kata().Fetch<State>("sb-1", SandboxResource.State),
        "sb-1/network.json" => store.Kata().Fetch<NetworkNamespace>("sb-1", SandboxResource.Network),
        "sb-1/devices.json" => store.Kata().Fetch<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices),
        "sb-1/hypervisor.json" => store.Kata().Fetch<QemuState>("sb-1", SandboxResource.Hypervisor),
        "sb-1/agent.json" => store.Kata().Fetch<AgentState>("sb-1", SandboxResource.Agent),
        "sb-1/c-1/state.json" => store.Kata().FetchContainer<State>("sb-1", "c-1", SandboxResource.State),
        "sb-1/c-1/process.json" => store.Kata().FetchContainer<ContainerProcess>("sb-1", "c-1", SandboxResource.Process),
        "sb-1/c-1/mounts.json" => store.Kata().FetchContainer<IReadOnlyList<Mount>>("sb-1", "c-1", SandboxResource.Mounts),
        "sb-1/c-1/devices.json" =>
            store.Kata().FetchContainer<IReadOnlyList<ContainerDevice>>("sb-1", "c-1", SandboxResource.ContainerDevices),
        _ => throw new ArgumentOutOfRangeException(nameof(file)),
    };
}
