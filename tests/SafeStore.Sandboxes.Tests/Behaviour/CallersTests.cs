using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Kata;
using SafeStore.Sandboxes.Tests.Support;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Behaviour;

/// <summary>Sections 1.9 and 1.10: tracing, and how the callers use the store.</summary>
public sealed class CallersTests : IDisposable
{
    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    [Trait("behaviour", "51")]
    [Trait("behaviour", "52")]
    public async Task Creations_stores_fetches_and_deletions_are_activities_with_the_seeds_tags()
    {
        using var activities = new Activities("traced");
        await using SandboxStore store = await _test.OpenAsync();

        await store.Kata().CreateAsync(Samples.Sandbox("traced"));
        await store.Kata().StoreAsync("traced", SandboxResource.Agent, Samples.Agent);
        _ = store.Kata().FetchContainer<State>("traced", "web", SandboxResource.State);
        await store.Kata().RemoveAsync("traced");

        Assert.Equal(["createAllResources", "storeResource", "fetchResource", "deleteResource"], activities.Names);
        Activity fetch = activities.Ended[2];
        Assert.Equal(
            ("storage", "filesystem", "traced", "web", "stateFileType"),
            (fetch.GetTagItem("subsystem"), fetch.GetTagItem("type"), fetch.GetTagItem("sandbox"), fetch.GetTagItem("container"),
            fetch.GetTagItem("resource")));
    }

    [Fact]
    [Trait("behaviour", "53")]
    public async Task Without_a_listener_or_a_parent_nothing_is_missing_and_with_a_parent_an_activity_is_its_child()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("untraced"));
        using var activities = new Activities("child");
        using var parent = new Activity("parent");
        parent.Start();

        await store.Kata().CreateAsync(Samples.Sandbox("child"));

        Assert.Equal(parent.TraceId, Assert.Single(activities.Ended).TraceId);
    }

    [Fact]
    [Trait("behaviour", "54")]
    [Trait("behaviour", "55")]
    public async Task A_device_or_endpoint_that_is_not_known_is_told_by_its_value_not_by_a_log_line_with_its_contents()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        await File.WriteAllTextAsync(_test.RunPath("sb-1/network.json"), """{"Endpoints":[{"Type":"wormhole","Data":{"Secret":"x"}}]}""");

        RawEndpoint endpoint =
            Assert.IsType<RawEndpoint>(Assert.Single(store.Kata().Fetch<NetworkNamespace>("sb-1", SandboxResource.Network)!.Endpoints!));

        Assert.Equal(("wormhole", "its kind is not known"), (endpoint.Kind, endpoint.Reason));
    }

    [Fact]
    [Trait("behaviour", "56")]
    [Trait("behaviour", "57")]
    public async Task A_creation_that_dies_at_any_call_leaves_no_sandbox_without_configuration()
    {
        for (int call = 1; ; call++)
        {
            var machine = new SimulatedMachine();
            SandboxStore store = await Simulated.OpenAsync(machine.Start());
            machine.Faults = FaultPlan.At(machine.Calls + call, new ProcessKilled());
            Exception? failure = await Record.ExceptionAsync(async () => await store.CreateAsync(Samples.Sandbox("sb-1")));
            machine.Faults = new FaultPlan();
            machine.KillAll();

            await using SandboxStore again = await Simulated.OpenAsync(machine.Start());
            Assert.All(again.ReadStatuses(),
                static status => Assert.True(status is { Config: not null, State: not null, Containers.Count: 2 }));
            if (failure is null)
            {
                Assert.True(call > 20);
                return;
            }
        }
    }

    [Fact]
    [Trait("behaviour", "58")]
    public async Task Reading_a_sandbox_writes_nothing_whatever_state_its_documents_are_in()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        await File.WriteAllTextAsync(_test.RunPath("sb-1/state.json"), string.Empty);
        File.Delete(_test.RunPath("sb-1/hypervisor.json"));
        var before = Samples.Tree(_test.Layout);

        SandboxStatus status = await store.ReadStatusAsync("sb-1");

        Assert.Equal("corrupt", Assert.Single(status.Errors).Code);
        Assert.NotNull(status.Config);
        Assert.Equal(before, Samples.Tree(_test.Layout));
    }

    [Fact]
    [Trait("behaviour", "59")]
    public async Task A_containers_configuration_and_the_sandboxs_copy_of_it_are_changed_in_one_transaction()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        await using ModelLock held = await store.LockAsync("sb-1");
        ContainerConfig config = held.Read("web", held.Model.ContainerConfig)! with { ReadonlyRootfs = true };

        await held.Change()
            .Put("web", held.Model.ContainerConfig, config)
            .Put(held.Model.SandboxConfig, held.Read(held.Model.SandboxConfig)! with { Containers = [config] })
            .CommitAsync();

        Assert.True(held.Read("web", held.Model.ContainerConfig)!.ReadonlyRootfs);
        Assert.True(Assert.Single(held.Read(held.Model.SandboxConfig)!.Containers!).ReadonlyRootfs);
    }

    [Theory]
    [Trait("behaviour", "60")]
    [InlineData(Lifecycle.Ready, "running stopped")]
    [InlineData(Lifecycle.Running, "paused stopped")]
    [InlineData(Lifecycle.Paused, "running stopped")]
    [InlineData(Lifecycle.Stopped, "running")]
    public async Task A_state_may_become_what_the_seeds_table_says_and_only_from_what_is_stored(Lifecycle from, string allowed)
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(new NewSandbox("sb-1") { State = Samples.Ready with { Lifecycle = from } });
        await using ModelLock held = await store.LockAsync("sb-1");

        foreach (Lifecycle to in Samples.AllOf<Lifecycle>().Where(static to => to != Lifecycle.Unknown))
        {
            Exception? failure = Record.Exception(() => held.Change().Transition(from, to));
            Assert.Equal(allowed.Split(' ').Contains(to.ToText()), failure is null);
            Assert.True(failure is null or InvalidTransitionException);
        }

        Lifecycle other = from == Lifecycle.Ready ? Lifecycle.Running : Lifecycle.Ready;
        Assert.Equal(from, Assert.Throws<InvalidTransitionException>(() => held.Change().Transition(other, Lifecycle.Stopped)).Actual);
        await held.Change().Transition(from, Lifecycles.Parse(allowed.Split(' ')[0])).CommitAsync();
        Assert.Equal(
            (allowed.Split(' ')[0], 3),
            (held.Read(held.Model.SandboxState)!.Text, held.Read(held.Model.SandboxState)!.BlockIndex));
    }

    [Fact]
    [Trait("behaviour", "61")]
    public async Task An_empty_store_lists_nothing_and_a_damaged_sandbox_hides_no_other()
    {
        await using SandboxStore store = await _test.OpenAsync();
        Assert.Empty(store.ReadStatuses());
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        await store.CreateAsync(Samples.Sandbox("sb-2"));

        await File.WriteAllTextAsync(_test.ConfigPath("sb-1/config.json"), "{");

        Assert.Equal([("sb-1", 1), ("sb-2", 0)], store.ReadStatuses().Select(static status => (status.Id, status.Errors.Count)));
    }

    [Fact]
    [Trait("behaviour", "62")]
    public async Task On_request_a_removal_is_checked_against_the_state()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1") with { State = new State { Lifecycle = Lifecycle.Running } });
        await using ModelLock held = await store.LockAsync("sb-1");

        Assert.Throws<InvalidTransitionException>(() => held.Change().RequireRemovable());
        await held.Change().Transition(Lifecycle.Running, Lifecycle.Stopped).CommitAsync();
        await held.Change().RequireRemovable().RemoveSandbox().CommitAsync();

        Assert.Empty(store.ReadStatuses());
    }

    [Fact]
    [Trait("behaviour", "63")]
    public async Task For_tests_there_is_a_machine_in_memory_that_stores_for_real_and_touches_no_disk()
    {
        var machine = new SimulatedMachine();
        await using SandboxStore store = await Simulated.OpenAsync(machine.Start());

        await store.CreateAsync(Samples.Sandbox("sb-1"));

        Samples.AssertSame(TestSandboxes.Model.SandboxState, Samples.Ready, store.Kata().Fetch<State>("sb-1", SandboxResource.State));
        Assert.False(Directory.Exists("/run/vc/sbs/sb-1"));
        Assert.Equal(
            JsonValueKind.Object,
            JsonElement.Parse(store.Store.ReadJson(new DocumentId("sb-1", null, StoreRoot.Run, "state.json"))!).ValueKind);
    }
}
