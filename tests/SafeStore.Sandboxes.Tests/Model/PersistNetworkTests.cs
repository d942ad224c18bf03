using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using SafeStore.Kata;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Model;

public sealed class PersistNetworkTests
{
    /// <summary>Two endpoints of the real code's that have a part of every kind between them.</summary>
    private static readonly PersistEndpoint s_first = PersistTree.Read("sandbox-3-2c78ff1a3b01eb7f").Sandbox.Network.Endpoints![0];
    private static readonly PersistEndpoint s_second = PersistTree.Read("sandbox-3-2c78ff1a3b01eb7f").Sandbox.Network.Endpoints![1];

    [Fact]
    public void A_network_of_persist_json_is_the_seeds_and_keeps_the_pid_of_netmon()
    {
        NetworkNamespace network = PersistTree.Read(PersistTree.Ordinary).Convert().Network;

        Assert.Equal(("/var/run/netns/x", true), (network.NetNsPath, network.NetNsCreated));
        Assert.NotNull(network.NetmonPid);
        Assert.IsType<VethEndpoint>(Assert.Single(network.Endpoints!));
    }

    [Fact]
    public void Endpoints_that_are_null_stay_null_and_empty_ones_empty()
    {
        Assert.Null(Convert(new PersistNetwork()).Endpoints);
        Assert.Empty(Convert(new PersistNetwork { Endpoints = [] }).Endpoints!);
    }

    [Fact]
    public void A_veth_endpoint_becomes_the_seeds()
    {
        var endpoint = Convert<VethEndpoint>(new() { Type = "virtual", Veth = s_first.Veth });

        AssertPair(s_first.Veth!.NetPair, endpoint.NetPair);
        Assert.Equal(("virtual", string.Empty, false), (endpoint.EndpointType, endpoint.PciAddress, endpoint.Physical));
    }

    [Fact]
    public void A_macvlan_endpoint_becomes_the_seeds() =>
        AssertPair(s_first.BridgedMacvlan!.NetPair,
            Convert<BridgedMacvlanEndpoint>(new() { Type = "macvlan", BridgedMacvlan = s_first.BridgedMacvlan }).NetPair);

    [Fact]
    public void An_ipvlan_endpoint_becomes_the_seeds() =>
        AssertPair(s_first.IPVlan!.NetPair, Convert<IPVlanEndpoint>(new() { Type = "ipvlan", IPVlan = s_first.IPVlan }).NetPair);

    [Fact]
    public void A_tap_endpoint_becomes_the_seeds()
    {
        PersistTapInterface persist = s_first.Tap!.TapInterface;

        TapInterface tap = Convert<TapEndpoint>(new() { Type = "tap", Tap = s_first.Tap }).TapInterface;

        Assert.Equal((persist.Id, persist.Name), (tap.Id, tap.Name));
        AssertInterface(persist.TapInterfaceValue, tap.TapInterfaceValue);
        Assert.Null(tap.VmFds);
        Assert.Null(tap.Unknown);
    }

    [Fact]
    public void A_physical_endpoint_becomes_the_seeds()
    {
        PhysicalEndpoint endpoint = Convert<PhysicalEndpoint>(new() { Type = "physical", Physical = s_first.Physical });

        Assert.Equal(
            (s_first.Physical!.Bdf, s_first.Physical.Driver, s_first.Physical.VendorDeviceId),
            (endpoint.Bdf, endpoint.Driver, endpoint.VendorDeviceId));
        Assert.NotEqual(string.Empty, endpoint.Bdf);
    }

    [Fact]
    public void A_vhost_user_endpoint_becomes_the_seeds_and_keeps_its_path()
    {
        VhostUserEndpoint endpoint = Convert<VhostUserEndpoint>(new() { Type = "vhost-user", VhostUser = s_first.VhostUser });

        Assert.Equal(s_first.VhostUser!.InterfaceName, endpoint.InterfaceName);
        Assert.Equal("{}", endpoint.Unknown!["PCIPath"].GetRawText());
    }

    [Fact]
    public void A_macvtap_endpoint_becomes_the_seeds_and_keeps_its_path()
    {
        MacvtapEndpoint endpoint = Convert<MacvtapEndpoint>(new() { Type = "macvtap", Macvtap = s_second.Macvtap });

        Assert.Equal("macvtap", endpoint.EndpointType);
        Assert.Equal("{}", endpoint.Unknown!["PCIPath"].GetRawText());
    }

    [Fact]
    public void A_tuntap_endpoint_is_kept_as_it_stands()
    {
        RawEndpoint endpoint = Convert<RawEndpoint>(new() { Type = "tuntap", Tuntap = s_first.Tuntap });

        Assert.Equal("tuntap", endpoint.Kind);
        Assert.Equal(
            s_first.Tuntap!.TuntapInterface.Name,
            endpoint.Data.GetProperty("Tuntap").GetProperty("TuntapInterface").GetProperty("Name").GetString());
    }

    [Fact]
    public void An_endpoint_whose_part_is_missing_or_not_alone_is_kept_as_it_stands()
    {
        PersistEndpoint[] endpoints =
        [
            new() { Type = "virtual" },
            new() { Type = "virtual", Physical = s_first.Physical },
            new() { Type = "virtual", Physical = s_first.Physical, Veth = s_first.Veth },
        ];

        Assert.All(endpoints, static endpoint => Assert.True(
            JsonElement.DeepEquals(
            JsonSerializer.SerializeToElement(endpoint, PersistDocuments.Json.GetTypeInfo(typeof(PersistEndpoint))),
            Convert<RawEndpoint>(endpoint).Data)));
    }

    [Fact]
    public void The_real_endpoints_with_several_parts_lose_none_of_them() => Assert.All(
        PersistTree.Ids.Where(static id => id != PersistTree.Ordinary).Select(PersistTree.Read)
        .SelectMany(static tree => tree.Convert().Network.Endpoints ?? []),
        static endpoint => Assert.InRange(Assert.IsType<RawEndpoint>(endpoint).Data.EnumerateObject().Count(), 8, 8));

    [Fact]
    public void Unknown_members_of_endpoints_survive()
    {
        const string Json = """
            {"Network":{"New":1,"Endpoints":[
              {"Type":"virtual","New":2,"Data":0,"Veth":{"New":3,"NetPair":{"New":4,"TAPIface":{"New":5}}}},
              {"Type":"tap","Tap":{"New":3,"TapInterface":{"New":4}}}]}}
            """;
        NetworkNamespace network = Convert(PersistTree.Parse(PersistDocuments.Sandbox, Json).Network);
        var veth = (VethEndpoint)network.Endpoints![0];
        var tap = (TapEndpoint)network.Endpoints[1];

        Assert.Equal(1, New(network));
        Assert.Equal(2, Assert.Single(veth.EnvelopeUnknown!).Value.GetInt32());
        Assert.Equal((3, 4, 5), (New(veth), New(veth.NetPair), New(veth.NetPair.TapInterface)));
        Assert.Equal((3, 4), (New(tap), New(tap.TapInterface)));
    }

    [Fact]
    public void The_network_can_be_written_and_read_as_the_seeds_document()
    {
        NetworkNamespace network = Convert(new PersistNetwork
        {
            Endpoints =
            [
                new() { Type = "virtual", Veth = s_first.Veth }, new() { Type = "macvlan", BridgedMacvlan = s_first.BridgedMacvlan },
                    new() { Type = "ipvlan", IPVlan = s_first.IPVlan },
                new() { Type = "tap", Tap = s_first.Tap }, new() { Type = "physical", Physical = s_first.Physical },
                new() { Type = "vhost-user", VhostUser = s_first.VhostUser },
                new() { Type = "macvtap", Macvtap = s_second.Macvtap }, new() { Type = "tuntap", Tuntap = s_first.Tuntap }, s_first,
            ],
        });
        NetworkNamespace again =
            JsonSerializer.SerializeToElement(network, SandboxModel.Default.Network.Json).Deserialize(SandboxModel.Default.Network.Json)!;

        Assert.Equal(
            network.Endpoints!.Select(static endpoint => endpoint.GetType()),
            again.Endpoints!.Select(static endpoint => endpoint.GetType()));
        Assert.True(SandboxModel.AreEqual(SandboxModel.Default.Network, network, again));
    }

    private static T Convert<T>(PersistEndpoint endpoint)
        where T : Endpoint => Assert.IsType<T>(Assert.Single(Convert(new PersistNetwork { Endpoints = [endpoint] }).Endpoints!));

    private static NetworkNamespace Convert(PersistNetwork network) =>
        PersistConversion.Convert("s", new PersistSandbox { Network = network }, new Dictionary<string, PersistContainer>()).Network;

    private static void AssertPair(PersistInterfacePair expected, NetworkInterfacePair actual)
    {
        Assert.Equal((expected.Id, expected.Name, expected.NetInterworkingModel), (actual.Id, actual.Name, actual.NetInterworkingModel));
        AssertInterface(expected.TapInterface, actual.TapInterface);
        AssertInterface(expected.VirtualInterface, actual.VirtualInterface);
        Assert.Null(actual.VmFds);
        Assert.Null(actual.Unknown);
    }

    private static void AssertInterface(NetworkInterface expected, NetworkInterface actual)
    {
        Assert.Equal((expected.Name, expected.HardwareAddress), (actual.Name, actual.HardwareAddress));
        Assert.Equal(expected.Addresses?.Select(Text), actual.Addresses?.Select(Text));
    }

    private static string Text(InterfaceAddress address) =>
        $"{address.IP}/{(address.Mask is { } mask ? System.Convert.ToHexString(mask.Span) : null)} {address.Label} {address.Flags} "
            + $"{address.Scope} {address.Peer?.IP} {address.Broadcast} {address.PreferredLifetime} {address.ValidLifetime}";

    private static int New(StoredObject converted) => converted.Unknown!["New"].GetInt32();
}
