using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Kata;
using SafeStore.Sandboxes.Tests.Cases;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Defects;

/// <summary>docs/kata-defects.md, 49 to 61: scopes, types, and what gets lost between a store and a fetch.</summary>
public sealed class DefectTestsScope : IDisposable
{
    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Theory]
    [InlineData(SandboxResource.Process)]
    [InlineData(SandboxResource.Mounts)]
    [InlineData(SandboxResource.ContainerDevices)]
    [InlineData(SandboxResource.Lock)]
    public async Task A_resource_of_a_container_does_not_exist_at_a_sandbox(SandboxResource resource)
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        SortedDictionary<string, string> before = _test.Tree();

        foreach (object value in Values())
        {
            await CaseCalls.AssertFaultAsync(ResourceFault.InvalidResource, () => store.Kata().StoreAsync("sb-1", resource, value));
        }

        CaseCalls.AssertFault(ResourceFault.InvalidResource, () => store.Kata().Fetch<ContainerProcess>("sb-1", resource));
        CaseCalls.AssertFault(ResourceFault.InvalidResource, () => store.Kata().Fetch<IReadOnlyList<ContainerDevice>>("sb-1", resource));
        await CaseCalls.AssertFaultAsync(ResourceFault.InvalidResource, () => store.Kata().RemoveAsync("sb-1", [resource]));
        Assert.Equal(before, _test.Tree());
    }

    [Theory]
    [InlineData(SandboxResource.Network)]
    [InlineData(SandboxResource.Hypervisor)]
    [InlineData(SandboxResource.Agent)]
    [InlineData(SandboxResource.Devices)]
    [InlineData(SandboxResource.Lock)]
    public async Task A_resource_of_a_sandbox_does_not_exist_at_a_container(SandboxResource resource)
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        SortedDictionary<string, string> before = _test.Tree();

        foreach (object value in Values())
        {
            await CaseCalls.AssertFaultAsync(
                ResourceFault.InvalidResource, () => store.Kata().StoreContainerAsync("sb-1", "c-1", resource, value));
        }

        CaseCalls.AssertFault(ResourceFault.InvalidResource, () => store.Kata().FetchContainer<NetworkNamespace>("sb-1", "c-1", resource));
        CaseCalls.AssertFault(
            ResourceFault.InvalidResource, () => store.Kata().FetchContainer<IReadOnlyList<Device>>("sb-1", "c-1", resource));
        CaseCalls.AssertFault(ResourceFault.InvalidResource, () => store.Kata().UriOfContainer("sb-1", "c-1", resource));
        await CaseCalls.AssertFaultAsync(ResourceFault.InvalidResource, () => store.Kata().RemoveContainerAsync("sb-1", "c-1", [resource]));
        Assert.Equal(before, _test.Tree());
    }

    [Fact]
    public async Task The_states_of_hypervisor_and_agent_pass_the_same_checks_as_all_others()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");

        foreach (SandboxResource resource in new[] { SandboxResource.Hypervisor, SandboxResource.Agent })
        {
            await CaseCalls.AssertFaultAsync(ResourceFault.InvalidResource, () => store.Kata().StoreAsync("sb-1", resource, new State()));
            await CaseCalls.AssertFaultAsync(
                ResourceFault.InvalidDataType, () => store.Kata().StoreAsync("sb-1", resource, FieldPair.Value));
            await CaseCalls.AssertFaultAsync(
                ResourceFault.InvalidDataType, () => store.Kata().StoreAsync<QemuState?>("sb-1", resource, null));
            await CaseCalls.AssertFaultAsync(ResourceFault.SandboxIdMissing, () => store.Kata().StoreAsync("", resource, new AgentState()));
        }
    }

    [Fact]
    public async Task Devices_of_a_sandbox_and_of_its_container_are_two_documents_and_neither_is_read_as_the_other()
    {
        // a container of the sandbox's own name, as the seed has it
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "sb-1");
        await store.Kata().StoreAsync<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices, [new GenericDevice { Id = "generic-1" }]);
        await store.Kata().StoreContainerAsync<IReadOnlyList<ContainerDevice>>(
            "sb-1", "sb-1", SandboxResource.ContainerDevices, [new ContainerDevice { Id = "generic-1", ContainerPath = "/dev/x" }]);

        Assert.Equal(
            "generic-1",
            Assert.IsType<GenericDevice>(Assert.Single(store.Kata().Fetch<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices)!)).Id);
        Assert.Equal(
            "/dev/x", Assert.Single(
                store.Kata().FetchContainer<IReadOnlyList<ContainerDevice>>("sb-1", "sb-1", SandboxResource.ContainerDevices)!)
            .ContainerPath);
        CaseCalls.AssertFault(
            ResourceFault.InvalidResource, () => store.Kata().Fetch<IReadOnlyList<ContainerDevice>>("sb-1", SandboxResource.Devices));
        CaseCalls.AssertFault(
            ResourceFault.InvalidResource, () =>
            store.Kata().FetchContainer<IReadOnlyList<Device>>("sb-1", "sb-1", SandboxResource.ContainerDevices));
    }

    [Fact]
    public async Task Deleting_by_resource_deletes_that_document_and_nothing_else()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        await store.Kata().StoreAsync("sb-1", SandboxResource.Agent, new AgentState());
        SortedDictionary<string, string> expected = _test.Tree();
        expected.Remove(_test.RunPath("sb-1/state.json"));

        Assert.True(await store.Kata().RemoveAsync("sb-1", [SandboxResource.State]));
        Assert.Equal(expected, _test.Tree());

        Assert.True(await store.Kata().RemoveAsync("sb-1", []));
        Assert.True(await store.Kata().RemoveAsync("sb-1", [SandboxResource.State, SandboxResource.Network]));
        await CaseCalls.AssertFaultAsync(
            ResourceFault.InvalidResource, () => store.Kata().RemoveAsync("sb-1", [SandboxResource.Agent, SandboxResource.Lock]));
        Assert.Equal(expected, _test.Tree());
    }

    [Fact]
    public async Task Vhost_user_devices_are_read_as_they_were_stored_beside_the_others()
    {
        Device[] devices =
        [
            new VhostUserBlkDevice { Id = "1", DevId = "blk", SocketPath = "/a" }, new VhostUserScsiDevice { Id = "2", SocketPath = "/b" },
            new VhostUserNetDevice { Id = "3", MacAddress = "02:00:00:00:00:01" }, new GenericDevice { Id = "4" },
        ];
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");

        await store.Kata().StoreAsync<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices, devices);

        IReadOnlyList<Device> found = store.Kata().Fetch<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices)!;
        Assert.Equal(devices.Select(static device => device.GetType()), found.Select(static device => device.GetType()));
        CaseCalls.AssertSame(CaseCalls.Model.Devices, devices, found);
    }

    [Fact]
    public async Task Endpoints_and_devices_of_unknown_kinds_are_shown_and_written_back_as_they_were()
    {
        const string Network =
            """{"NetNsPath":"/n","NetNsCreated":false,"Endpoints":[{"Type":"vdpa","Data":{"x":18446744073709551615},"New":1},"""
                + """{"Type":"ipvlan","Data":{"PCIAddr":"03/00"}}],"Later":[1]}""";
        const string Devices = """[{"Type":"nvme","Data":{"ID":"d","Queues":7}}]""";
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");
        await _test.WriteRunFileAsync("sb-1/network.json", Network);
        await _test.WriteRunFileAsync("sb-1/devices.json", Devices);

        NetworkNamespace network = store.Kata().Fetch<NetworkNamespace>("sb-1", SandboxResource.Network)!;
        IReadOnlyList<Device> devices = store.Kata().Fetch<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices)!;
        Assert.Equal(["vdpa", "ipvlan"], network.Endpoints!.Select(static endpoint => endpoint.Kind));
        Assert.Equal("03/00", Assert.IsType<IPVlanEndpoint>(network.Endpoints![1]).PciAddress);
        Assert.Equal("nvme", Assert.IsType<RawDevice>(Assert.Single(devices)).Kind);
        await store.Kata().StoreAsync("sb-1", SandboxResource.Network, network);
        await store.Kata().StoreAsync("sb-1", SandboxResource.Devices, devices);

        JsonElement written = JsonElement.Parse(await File.ReadAllTextAsync(_test.RunPath("sb-1/network.json")));
        Assert.Equal("""{"Type":"vdpa","Data":{"x":18446744073709551615},"New":1}""", written.GetProperty("Endpoints")[0].GetRawText());
        Assert.Equal("[1]", written.GetProperty("Later").GetRawText());
        Assert.Equal(Devices, await File.ReadAllTextAsync(_test.RunPath("sb-1/devices.json")));
    }

    [Fact]
    public async Task The_pid_of_the_network_monitor_is_found_by_another_process()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");
        await store.Kata().StoreAsync("sb-1", SandboxResource.Network, new NetworkNamespace { NetNsPath = "/n", NetmonPid = 4711 });

        await using SandboxStore other = await _test.OpenAsync();
        Assert.Equal(4711, other.Kata().Fetch<NetworkNamespace>("sb-1", SandboxResource.Network)!.NetmonPid);

        await store.Kata().StoreAsync("sb-1", SandboxResource.Network, new NetworkNamespace { NetNsPath = "/n" });
        Assert.Equal(
            """{"NetNsPath":"/n","NetNsCreated":false,"Endpoints":null}""",
            await File.ReadAllTextAsync(_test.RunPath("sb-1/network.json")));
    }

    [Fact]
    public async Task A_configuration_that_is_read_back_can_make_its_devices_again()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        var device = new DeviceInfo { HostPath = "/dev/sda", ContainerPath = "/dev/xvda", DevType = "b", Major = 8 };
        await store.Kata().StoreContainerAsync(
            "sb-1", "c-1", SandboxResource.Config,
            CaseCalls.ConfigOf("c-1") with { DeviceInfos = [device, new DeviceInfo { HostPath = "/dev/sdb" }] });

        IReadOnlyList<DeviceInfo> found = store.Kata().FetchContainer<ContainerConfig>("sb-1", "c-1", SandboxResource.Config)!.DeviceInfos!;

        Assert.Equal(["/dev/xvda", null], found.Select(static info => info.ContainerPath));
        Assert.Equal(device, found[0]);
    }

    [Theory]
    [InlineData("""{"Zulu":18446744073709551615,"Alpha":1.50,"Path":null}""")]
    [InlineData("\"not an object\"")]
    [InlineData("null")]
    public async Task Configurations_of_agent_and_shim_keep_every_digit_and_the_order_of_their_members_whatever_they_are(string json)
    {
        await using SandboxStore store = await _test.OpenAsync();
        SandboxConfig config =
            TestSandboxes.ConfigOf("sb-1") with { AgentConfig = JsonElement.Parse(json), ShimConfig = JsonElement.Parse(json) };
        await store.CreateAsync(new NewSandbox("sb-1") { Config = config });
        string file = _test.ConfigPath("sb-1/config.json");
        string written = await File.ReadAllTextAsync(file);

        SandboxConfig found = store.Kata().Fetch<SandboxConfig>("sb-1", SandboxResource.Config)!;
        await store.Kata().StoreAsync("sb-1", SandboxResource.Config, found);

        Assert.Equal((json, json), (found.AgentConfig?.GetRawText() ?? "null", found.ShimConfig?.GetRawText() ?? "null"));
        Assert.Equal(written, await File.ReadAllTextAsync(file));
    }

    /// <summary>A value of every type that any resource has.</summary>
    private static object[] Values() =>
    [
        TestSandboxes.ConfigOf("sb-1"), CaseCalls.ConfigOf("c-1"), new State(), new NetworkNamespace(), new QemuState(),
            new FirecrackerState(), new AgentState(), new ContainerProcess(),
        Array.Empty<Mount>(), Array.Empty<Device>(), Array.Empty<ContainerDevice>(),
    ];
}
