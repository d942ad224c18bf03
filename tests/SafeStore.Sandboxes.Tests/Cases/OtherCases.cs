using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Serialization;
using System.Threading.Tasks;
using SafeStore.Kata;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Cases;

/// <summary>The seed's other tests that touch its storage: no-op storage, list of sandboxes, container, qemu, agents, network.</summary>
public sealed class OtherCases : IDisposable
{
    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    [Trait("case", "98")]
    public async Task The_no_op_storage_is_a_simulated_machine_on_which_every_call_works_and_no_disk_is_touched()
    {
        DateTime[] before = RealRoots();
        SimulatedProcess process = new SimulatedMachine().Start();
        await using SandboxStore store = await SimulatedSandboxes.OpenAsync(process);

        await store.CreateAsync(CaseCalls.Ready("sb-1", "c-1"));
        foreach ((SandboxResource resource, object value) in OfSandbox())
        {
            await store.Kata().StoreAsync("sb-1", resource, value);
        }

        foreach ((SandboxResource resource, object value) in OfContainer())
        {
            await store.Kata().StoreContainerAsync("sb-1", "c-1", resource, value);
        }

        Assert.NotNull(store.Kata().Fetch<SandboxConfig>("sb-1", SandboxResource.Config));
        Assert.NotNull(store.Kata().Fetch<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices));
        Assert.NotNull(store.Kata().FetchContainer<ContainerProcess>("sb-1", "c-1", SandboxResource.Process));
        Assert.NotNull(store.Kata().Locate(store.Kata().UriOf("sb-1", SandboxResource.Lock).File));
        Assert.NotNull(store.Kata().Locate(store.Kata().UriOfContainer("sb-1", "c-1", SandboxResource.Mounts).File));
        Assert.Equal(Lifecycle.Ready, Assert.Single(store.ReadStatuses()).Lifecycle);
        Assert.Empty((await store.ReadStatusAsync("sb-1")).Errors);
        Assert.Equal(0, await store.TakeBlockIndexAsync("sb-1"));
        await using (ModelLock held = await store.LockAsync("sb-1"))
        using (TempFile temp = held.CreateTempFile())
        {
            Assert.True(process.FileSystem.Files.File.Exists(temp.Path));
            await held.Change().Put(new NewContainer("c-2")).CommitAsync();
        }

        await (await store.LockAsync("sb-1", LockMode.Shared)).DisposeAsync();
        Assert.True(await store.Kata().RemoveContainerAsync("sb-1", "c-2"));
        Assert.True(await store.Kata().RemoveAsync("sb-1", [SandboxResource.State]));
        Assert.True(await store.Kata().RemoveAsync("sb-1"));
        Assert.Equal(before, RealRoots());
    }

    [Fact]
    [Trait("case", "99")]
    public async Task The_list_of_sandboxes_takes_an_id_once_finds_it_and_forgets_it_across_processes()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await using SandboxStore other = await _test.OpenAsync();

        await store.CreateAsync(CaseCalls.Ready("sb-1"));
        AlreadyExistsException again =
            await Assert.ThrowsAsync<AlreadyExistsException>(async () => await other.CreateAsync(CaseCalls.Ready("sb-1")));
        Assert.Equal(("sandbox", "sb-1"), (again.What, again.Id));
        Assert.Equal("sb-1", (await other.ReadStatusAsync("sb-1")).Id);
        await Assert.ThrowsAsync<NotFoundException>(async () => await other.ReadStatusAsync("sb-2"));

        Assert.True(await other.Kata().RemoveAsync("sb-1"));
        Assert.Empty(store.ReadStatuses());
    }

    [Fact]
    [Trait("case", "100")]
    public async Task ContainerRemoveDrive_stores_the_shorter_device_list()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        Device kept = new GenericDevice { Id = "generic-1" };
        await store.Kata().StoreAsync<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices, [kept, new BlockDevice { Id = "block-1" }]);

        await store.ChangeAsync("sb-1", edit => edit
            .Put(CaseCalls.Model.Devices, [kept])
            .Put("c-1", CaseCalls.Model.ContainerState, CaseCalls.StateOf(Lifecycle.Ready)));

        await using SandboxStore other = await _test.OpenAsync();
        Assert.Equal(kept.Id, Assert.Single(other.Kata().Fetch<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices)!).Id);
        Assert.Equal("", other.Kata().FetchContainer<State>("sb-1", "c-1", SandboxResource.State)!.BlockDeviceId);
    }

    [Fact]
    [Trait("case", "101")]
    public async Task ContainerAddDriveDir_puts_the_file_system_type_into_the_state_file()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");

        await store.Kata().StoreContainerAsync(
            "sb-1", "c-1", SandboxResource.State, new State { Lifecycle = Lifecycle.Ready, FsType = "xfs", BlockDeviceId = "block-1" });

        Assert.Contains("\"fstype\":\"xfs\"", await File.ReadAllTextAsync(_test.RunPath("sb-1/c-1/state.json")), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("case", "102")]
    public async Task QemuInit_stores_the_hypervisor_s_state()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");

        await store.Kata().StoreAsync(
            "sb-1", SandboxResource.Hypervisor,
            new QemuState { Uuid = "u-1", Bridges = [new Bridge { Id = "pci-bridge-0", Type = "pci", Slot = 2 }] });

        Assert.Equal(
            """{"Bridges":[{"Address":{},"Type":"pci","ID":"pci-bridge-0","Addr":2}],"HotpluggedVCPUs":null,"HotpluggedMemory":"""
                + """0,"UUID":"u-1","HotplugVFIOOnRootBus":false}""",
            await File.ReadAllTextAsync(_test.RunPath("sb-1/hypervisor.json")));
    }

    [Fact]
    [Trait("case", "103")]
    public async Task QemuInitMissingParentDirFail_is_no_error_the_directory_comes_back_for_a_sandbox_that_exists_and_for_no_other()
    {
        using var test = new TestSandboxes(isRunVolatile: true);
        await using (SandboxStore store = await test.OpenWithAsync("sb-1"))
        {
            await store.Store.CheckpointAsync();
        }

        Directory.Delete(test.Layout.Run, recursive: true); // a reboot
        Directory.Delete(test.Layout.RunMetadata, recursive: true);
        await using SandboxStore again = await test.OpenAsync();

        await again.Kata().StoreAsync("sb-1", SandboxResource.Hypervisor, new QemuState { Uuid = "u-1" });

        Assert.Equal("u-1", again.Kata().Fetch<QemuState>("sb-1", SandboxResource.Hypervisor)!.Uuid);
        Assert.NotNull(again.Kata().Fetch<SandboxConfig>("sb-1", SandboxResource.Config));
        await Assert.ThrowsAsync<NotFoundException>(
            async () => await again.Kata().StoreAsync("sb-2", SandboxResource.Hypervisor, new QemuState()));
        Assert.False(Directory.Exists(test.RunPath("sb-2")));
    }

    [Fact]
    [Trait("case", "104")]
    public async Task HotplugUnsupportedDeviceType_is_refused_before_anything_is_stored()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");
        await store.Kata().StoreAsync<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices, [new GenericDevice { Id = "generic-1" }]);
        SortedDictionary<string, string> before = _test.Tree();

        ArgumentException failure =
            await Assert.ThrowsAsync<ArgumentException>(
            async () => await store.Kata().StoreAsync<IReadOnlyList<Device>>(
            "sb-1", SandboxResource.Devices, [new StrangeDevice { Id = "strange-1" }]));

        Assert.Contains("'strange'", failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, _test.Tree());
    }

    [Fact]
    [Trait("case", "105")]
    public async Task SetProxy_of_a_sandbox_without_id_stores_no_agent_state()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");
        SortedDictionary<string, string> before = _test.Tree();

        await CaseCalls.AssertFaultAsync(
            ResourceFault.SandboxIdMissing, () =>
            store.Kata().StoreAsync("", SandboxResource.Agent, new AgentState { ProxyPid = 1, Url = "unix:///x" }));

        Assert.Equal(before, _test.Tree());
    }

    [Fact]
    [Trait("case", "106")]
    public async Task Network_and_endpoint_tests_every_kind_of_endpoint_comes_back_as_it_was_stored()
    {
        Endpoint[] endpoints =
        [
            new VethEndpoint { PciAddress = "02/01", EndpointType = "virtual",
                NetPair = new NetworkInterfacePair { Id = "u", Name = "br0_kata" } },
            new PhysicalEndpoint { Bdf = "0000:00:1c.0" }, new VhostUserEndpoint { SocketPath = "/run/vhost.sock" },
            new BridgedMacvlanEndpoint { EndpointType = "macvlan" },
            new MacvtapEndpoint { EndpointType = "macvtap" }, new TapEndpoint { EndpointType = "tap" },
            new IPVlanEndpoint { EndpointType = "ipvlan", PciAddress = "03/00" },
        ];
        var network = new NetworkNamespace { NetNsPath = "/run/netns/x", Endpoints = endpoints };
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");

        await store.Kata().StoreAsync("sb-1", SandboxResource.Network, network);

        NetworkNamespace found = store.Kata().Fetch<NetworkNamespace>("sb-1", SandboxResource.Network)!;
        Assert.Equal(
            endpoints.Select(static endpoint => endpoint.GetType()), found.Endpoints!.Select(static endpoint => endpoint.GetType()));
        CaseCalls.AssertSame(CaseCalls.Model.Network, network, found);
        Assert.Equal(
            CaseCalls.Model.EndpointKinds.Kinds.Order(StringComparer.Ordinal),
            found.Endpoints!.Select(static endpoint => endpoint.Kind).Order(StringComparer.Ordinal));
    }

    private static (SandboxResource Resource, object Value)[] OfSandbox() =>
    [
        (SandboxResource.Config, TestSandboxes.ConfigOf("sb-1")), (SandboxResource.State, CaseCalls.StateOf(Lifecycle.Ready)),
            (SandboxResource.Network, new NetworkNamespace()),
        (SandboxResource.Hypervisor, new QemuState()), (SandboxResource.Hypervisor, new FirecrackerState { Pid = 1 }),
        (SandboxResource.Agent, new AgentState()), (SandboxResource.Devices, Array.Empty<Device>()),
    ];

    private static (SandboxResource Resource, object Value)[] OfContainer() =>
    [
        (SandboxResource.Config, CaseCalls.ConfigOf("c-1")), (SandboxResource.State, CaseCalls.StateOf(Lifecycle.Ready)),
            (SandboxResource.Process, new ContainerProcess()),
        (SandboxResource.Mounts, Array.Empty<Mount>()), (SandboxResource.ContainerDevices, Array.Empty<ContainerDevice>()),
    ];

    /// <summary>
    /// When the directories that the simulated store seems to use were changed last, on the machine that this test runs on.
    /// </summary>
    private static DateTime[] RealRoots() =>
        [.. new[] { SimulatedSandboxes.Layout.Config, SimulatedSandboxes.Layout.Run, SimulatedSandboxes.Layout.ConfigMetadata,
            SimulatedSandboxes.Layout.RunMetadata }.Select(Directory.GetLastWriteTimeUtc)];

    private sealed record StrangeDevice : Device
    {
        [JsonIgnore]
        public override string Kind => "strange";
    }
}
