using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Kata;
using SafeStore.Sandboxes.Tests.Cases;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Defects;

/// <summary>docs/kata-defects.md, 1 to 14: durability and atomicity.</summary>
public sealed class DefectTestsDurability : IDisposable
{
    /// <summary>The containers of sb-1 after each step of the life that is crashed; null where there is no sandbox.</summary>
    private static readonly string[]?[] s_life = [null, ["c-1"], ["c-1", "c-2"], ["c-2"], null];

    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task A_creation_a_container_that_comes_or_goes_and_a_removal_are_whole_or_absent_after_every_crash()
    {
        CrashReport report =
            await new CrashExplorer(new CrashExplorerOptions { ExhaustiveMax = 8, Samples = 4, NestedEvery = 128 })
            .ExploreAsync(LiveAsync, CheckAsync);

        report.ThrowIfViolated();
        Assert.True(report.States > 500, report.ToString());
    }

    [Fact]
    public async Task A_commit_that_fails_leaves_what_is_read_and_what_is_stored_the_same()
    {
        var machine = new SimulatedMachine();
        await using SandboxStore store = await SimulatedSandboxes.OpenAsync(machine.Start());
        await store.CreateAsync(CaseCalls.Ready("sb-1", "c-1"));
        await using ModelLock held = await store.LockAsync("sb-1");
        machine.Faults = FaultPlan.Fail(Operation.Write, "*", Errno.NoSpace);
        ModelChange edit =
            held.Change().Transition(Lifecycle.Ready, Lifecycle.Running).Transition("c-1", Lifecycle.Ready, Lifecycle.Running);

        await Assert.ThrowsAsync<StorageException>(async () => await edit.CommitAsync());

        Assert.Equal(Lifecycle.Ready, held.Read(held.Model.SandboxState)!.Lifecycle);
        Assert.Equal(Lifecycle.Ready, held.Read("c-1", held.Model.ContainerState)!.Lifecycle);
        await held.Change().Transition(Lifecycle.Ready, Lifecycle.Running).CommitAsync();
        Assert.Equal(Lifecycle.Running, held.Read(held.Model.SandboxState)!.Lifecycle);
    }

    [Fact]
    public async Task A_nil_device_or_endpoint_in_a_list_is_refused_before_anything_is_stored()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");
        await store.Kata().StoreAsync<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices, [new GenericDevice { Id = "generic-1" }]);
        SortedDictionary<string, string> before = _test.Tree();

        await Assert.ThrowsAsync<ArgumentException>(
            async () => await store.Kata()
                .StoreAsync<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices, [new GenericDevice(), null!]));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await store.Kata().StoreAsync("sb-1", SandboxResource.Network, new NetworkNamespace { Endpoints = [null!] }));

        Assert.Equal(before, _test.Tree());
    }

    [Fact]
    public async Task A_device_or_endpoint_that_the_seed_stored_without_its_data_is_read_without_a_crash_and_kept()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");
        await _test.WriteRunFileAsync(
            "sb-1/devices.json", """[{"Type":"block","Data":null},{"Type":"generic","Data":{"ID":"generic-1"}}]""");
        await _test.WriteRunFileAsync(
            "sb-1/network.json", """{"NetNsPath":"","NetNsCreated":false,"Endpoints":[{"Type":"tap","Data":null}]}""");

        IReadOnlyList<Device> devices = store.Kata().Fetch<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices)!;
        Assert.Equal(("block", ""), (Assert.IsType<RawDevice>(devices[0]).Kind, devices[0].Id));
        Assert.Equal("generic-1", Assert.IsType<GenericDevice>(devices[1]).Id);
        Assert.Equal(
            "tap", Assert.IsType<RawEndpoint>(
                Assert.Single(store.Kata().Fetch<NetworkNamespace>("sb-1", SandboxResource.Network)!.Endpoints!))
            .Kind);

        await store.Kata().StoreAsync("sb-1", SandboxResource.Devices, devices);
        Assert.StartsWith(
            """[{"Type":"block","Data":null},{"Type":"generic",""", await File.ReadAllTextAsync(_test.RunPath("sb-1/devices.json")),
            StringComparison.Ordinal);
    }

    private static async ValueTask LiveAsync(CrashRun run)
    {
        await using SandboxStore store = await SimulatedSandboxes.OpenAsync(run.Process);
        SandboxConfig config = TestSandboxes.ConfigOf("sb-1");
        await StepAsync(run, 1, () => store.CreateAsync(CaseCalls.Ready("sb-1", "c-1")).AsTask());
        await StepAsync(run, 2, () => store.ChangeAsync("sb-1", edit => edit
            .Put(new NewContainer("c-2") { Config = CaseCalls.ConfigOf("c-2"), State = CaseCalls.StateOf(Lifecycle.Ready) })
            .Put(CaseCalls.Model.SandboxConfig, config with { Containers = [CaseCalls.ConfigOf("c-1"), CaseCalls.ConfigOf("c-2")] })));
        await StepAsync(run, 3, () => store.ChangeAsync("sb-1", edit => edit
            .RemoveContainer("c-1")
            .Put(CaseCalls.Model.SandboxConfig, config with { Containers = [CaseCalls.ConfigOf("c-2")] })));
        await StepAsync(run, 4, () => store.Kata().RemoveAsync("sb-1").AsTask());
    }

    private static async Task StepAsync(CrashRun run, int number, Func<Task> step)
    {
        run.Begin(number);
        await step();
        run.Acknowledge(number);
    }

    private static async ValueTask CheckAsync(CrashState state)
    {
        await using SandboxStore store = await SimulatedSandboxes.OpenAsync(state.Process);
        SandboxStatus? status = store.ReadStatuses().SingleOrDefault();
        string[]? containers = status?.Containers.Select(static container => container.Id).ToArray();

        bool isExpected = Enumerable.Range(state.Acknowledged.Count, state.Begun.Count - state.Acknowledged.Count + 1)
            .Any(step => s_life[step] is { } expected ? containers is not null && containers.SequenceEqual(expected) : status is null);
        Assert.True(isExpected,
            $"{state.Acknowledged.Count} of {state.Begun.Count} steps acknowledged, and the containers are "
            + $"{string.Join(", ", containers ?? ["none: no sandbox"])}.");
        if (status is not null)
        {
            Assert.Empty(status.Errors);
            Assert.Equal(containers!, status.Config!.Containers!.Select(static container => container.Id));
            Assert.Equal(Lifecycle.Ready, status.Lifecycle);
            Assert.All(status.Containers,
                static container => Assert.Equal((container.Id, Lifecycle.Ready), (container.Config!.Id, container.Lifecycle)));
        }
    }
}
