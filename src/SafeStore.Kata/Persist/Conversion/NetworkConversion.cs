using System;
using System.Linq;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>
/// The network. An endpoint becomes a <see cref="RawEndpoint"/> with the whole endpoint of <c>persist.json</c> if its kind is one that the
/// seed lacks (tuntap) or if it does not have exactly the part of its kind.
/// </summary>
internal static class NetworkConversion
{
    public static NetworkNamespace ToSeed(PersistNetwork network) =>
        Reread.As<PersistNetwork, NetworkNamespace>(network with { Endpoints = null }) with
        {
            Endpoints = Reread.Each<PersistEndpoint, Endpoint>(network.Endpoints, ToSeed),
        };

    private static Endpoint ToSeed(PersistEndpoint endpoint)
    {
        if (PartsOf(endpoint) != 1)
        {
            return Raw(endpoint, "it does not have one part");
        }

        Endpoint? converted = endpoint switch
        {
            { Type: "virtual", Veth: { } part } =>
                As<PersistPairEndpoint, VethEndpoint>(part with { NetPair = new() })
                    with
                { NetPair = ToSeed(part.NetPair), EndpointType = endpoint.Type },
            { Type: "macvlan", BridgedMacvlan: { } part } =>
                As<PersistPairEndpoint, BridgedMacvlanEndpoint>(part with { NetPair = new() })
                    with
                { NetPair = ToSeed(part.NetPair), EndpointType = endpoint.Type },
            { Type: "ipvlan", IPVlan: { } part } =>
                As<PersistPairEndpoint, IPVlanEndpoint>(part with { NetPair = new() })
                    with
                { NetPair = ToSeed(part.NetPair), EndpointType = endpoint.Type },
            { Type: "tap", Tap: { } part } =>
                As<PersistTapEndpoint, TapEndpoint>(part with { TapInterface = new() })
                    with
                { TapInterface = ToSeed(part.TapInterface), EndpointType = endpoint.Type },
            { Type: "physical", Physical: { } part } =>
                As<PersistPhysicalEndpoint, PhysicalEndpoint>(part) with { EndpointType = endpoint.Type },
            { Type: "vhost-user", VhostUser: { } part } =>
                As<PersistVhostUserEndpoint, VhostUserEndpoint>(part) with { EndpointType = endpoint.Type },
            { Type: "macvtap", Macvtap: { } part } =>
                As<PersistMacvtapEndpoint, MacvtapEndpoint>(part) with { EndpointType = endpoint.Type },
            _ => null,
        };
        return converted is null ? Raw(endpoint, "its kind is not known or not that of its part") : WithOther(converted, endpoint);
    }

    private static RawEndpoint Raw(PersistEndpoint endpoint, string reason) => new(endpoint.Type, Reread.ToJson(endpoint), reason);

    private static int PartsOf(PersistEndpoint endpoint) =>
        new object?[] { endpoint.Physical, endpoint.Veth, endpoint.VhostUser, endpoint.BridgedMacvlan, endpoint.Macvtap, endpoint.Tap,
            endpoint.IPVlan, endpoint.Tuntap }
            .Count(static part => part is not null);

    private static TTo As<TPart, TTo>(TPart part)
        where TPart : StoredObject
        where TTo : Endpoint => Reread.As<TPart, TTo>(part);

    private static NetworkInterfacePair ToSeed(PersistInterfacePair pair) => Reread.As<PersistInterfacePair, NetworkInterfacePair>(pair);

    private static TapInterface ToSeed(PersistTapInterface tap) => Reread.As<PersistTapInterface, TapInterface>(tap);

    private static Endpoint WithOther(Endpoint converted, PersistEndpoint endpoint) => endpoint.Unknown is null
        ? converted
        : converted with
        {
            EnvelopeUnknown =
                endpoint.Unknown.Where(static member => !member.Key.Equals("Data", StringComparison.OrdinalIgnoreCase))
                .ToDictionary(StringComparer.Ordinal),
        };
}
