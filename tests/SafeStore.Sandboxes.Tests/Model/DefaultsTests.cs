using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Model;

/// <summary>
/// A record that was only just made has what the seed's constructors set: the seed takes these members for granted when it reads them.
/// </summary>
public sealed class DefaultsTests
{
    private static readonly SandboxModel s_model = SandboxModel.Default;

    public static TheoryData<string> EndpointKinds => [.. s_model.EndpointKinds.Kinds.Order()];

    public static TheoryData<string> DeviceKinds => [.. s_model.DeviceKinds.Kinds.Order()];

    [Theory]
    [MemberData(nameof(EndpointKinds))]
    public void A_new_endpoint_says_its_kind_inside_too_whatever_the_kind(string kind)
    {
        JsonElement json =
            JsonSerializer.SerializeToElement(new NetworkNamespace { Endpoints = [New<Endpoint>(kind)] }, s_model.Network.Json);

        JsonElement envelope = Assert.Single(json.GetProperty("Endpoints").EnumerateArray());
        Assert.Equal(kind, envelope.GetProperty("Type").GetString());
        Assert.Equal(kind, envelope.GetProperty("Data").GetProperty("EndpointType").GetString());
    }

    [Theory]
    [MemberData(nameof(EndpointKinds))]
    public void An_endpoint_that_is_read_without_its_inner_kind_gets_it_back(string kind)
    {
        NetworkNamespace network =
            JsonSerializer.Deserialize($$$"""{"Endpoints":[{"Type":"{{{kind}}}","Data":{}}]}""", s_model.Network.Json)!;

        Assert.Contains(
            $"\"EndpointType\":\"{kind}\"", JsonSerializer.Serialize(network, s_model.Network.Json), System.StringComparison.Ordinal);
    }

    [Fact]
    public void A_new_ipvlan_endpoint_is_connected_by_traffic_control_filters()
    {
        Assert.Equal(NetworkInterworkingModel.TrafficControl, new IPVlanEndpoint().NetPair.NetInterworkingModel);
        Assert.Equal(NetworkInterworkingModel.Default, new VethEndpoint().NetPair.NetInterworkingModel);
    }

    [Theory]
    [MemberData(nameof(DeviceKinds))]
    public void A_new_device_has_a_device_of_the_host_and_a_vhost_user_one_its_kind_inside(string kind)
    {
        JsonElement json = JsonSerializer.SerializeToElement<IReadOnlyList<Device>>([New<Device>(kind)], s_model.Devices.Json);

        JsonElement data = json[0].GetProperty("Data");
        Assert.Equal(JsonValueKind.Object, data.GetProperty("DeviceInfo").ValueKind);
        Assert.Equal(
            kind.Contains("vhost", System.StringComparison.Ordinal)
            || kind == "virtio-net-pci", data.TryGetProperty("Type", out JsonElement type));
        Assert.True(type.ValueKind == JsonValueKind.Undefined || type.GetString() == kind);
    }

    [Fact]
    public void A_device_that_is_kept_as_it_stands_claims_no_device_of_the_host()
    {
        IReadOnlyList<Device> devices = JsonSerializer.Deserialize("""[{"Type":"strange","Data":{"ID":"a"}}]""", s_model.Devices.Json)!;

        Assert.Null(Assert.IsType<RawDevice>(devices[0]).DeviceInfo);
    }

    [Fact]
    public void A_new_drive_is_raw_and_a_new_bridge_has_a_map_to_add_to()
    {
        Assert.Equal("raw", new BlockDrive().Format);
        Assert.Equal(
            """{"Address":{},"Type":"","ID":"","Addr":0}""",
            JsonSerializer.SerializeToElement(new QemuState { Bridges = [new Bridge()] }, s_model.Qemu.Json)
            .GetProperty("Bridges")[0].GetRawText());
    }

    [Fact]
    public void A_new_configuration_is_connected_and_has_maps_to_add_to()
    {
        JsonElement sandbox = JsonSerializer.SerializeToElement(new SandboxConfig(), s_model.SandboxConfig.Json);
        JsonElement container = JsonSerializer.SerializeToElement(new ContainerConfig(), s_model.ContainerConfig.Json);

        Assert.Equal("default", sandbox.GetProperty("NetworkModel").GetString());
        Assert.Equal("{}", sandbox.GetProperty("Annotations").GetRawText());
        Assert.Equal(("{}", "[]", "[]"), (
            container.GetProperty("Annotations").GetRawText(), container.GetProperty("Mounts").GetRawText(),
            container.GetProperty("DeviceInfos").GetRawText()));
        Assert.Equal(("[]", "[]"), (
            container.GetProperty("Cmd").GetProperty("Envs").GetRawText(),
            container.GetProperty("Cmd").GetProperty("SupplementaryGroups").GetRawText()));
    }

    [Fact]
    public void What_a_file_says_is_kept_where_it_is_not_the_default()
    {
        const string Bridge =
            """{"Bridges":[{"Address":null,"Type":"pci","ID":"b","Addr":1}],"HotpluggedVCPUs":null,"HotpluggedMemory":"""
                + """0,"UUID":"","HotplugVFIOOnRootBus":false}""";
        QemuState state = JsonSerializer.Deserialize(Bridge, s_model.Qemu.Json)!;
        NetworkNamespace network =
            JsonSerializer.Deserialize("""{"Endpoints":[{"Type":"tap","Data":{"EndpointType":""}}]}""", s_model.Network.Json)!;

        Assert.Null(state.Bridges![0].Address);
        Assert.Equal(Bridge, JsonSerializer.Serialize(state, s_model.Qemu.Json));
        Assert.Equal(string.Empty, ((TapEndpoint)network.Endpoints![0]).EndpointType);
    }

    /// <summary>What a program makes with <c>new</c>.</summary>
    private static T New<T>(string kind)
        where T : TypedObject =>
        typeof(T).Assembly.GetTypes()
            .Where(static type => type.IsSubclassOf(typeof(T)) && !type.IsAbstract && type.GetConstructor([]) is not null)
            .Select(static type => (T)System.Activator.CreateInstance(type)!)
            .Single(made => made.Kind == kind);
}
