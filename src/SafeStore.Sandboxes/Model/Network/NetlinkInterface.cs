using System;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>An interface as rtnetlink(7) describes it.</summary>
public sealed record NetlinkInterface : StoredObject
{
    public long Index { get; init; }

    [JsonPropertyName("MTU")]
    public long Mtu { get; init; }

    public long TxQLen { get; init; }

    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The bytes of the address (in base64 in the file).</summary>
    [JsonPropertyName("HardwareAddr")]
    public ReadOnlyMemory<byte>? HardwareAddress { get; init; }

    /// <summary>Bit set: 1 up, 2 broadcast, 4 loopback, 8 point-to-point, 16 multicast.</summary>
    public ulong Flags { get; init; }

    public uint RawFlags { get; init; }

    public long ParentIndex { get; init; }

    public long MasterIndex { get; init; }

    /// <summary>Null or an integer: a pid or a descriptor.</summary>
    public JsonElement? Namespace { get; init; }

    public string Alias { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The counters, if they were asked for.</summary>
    public LinkStatistics? Statistics { get; init; }

    public long Promisc { get; init; }

    public LinkXdp? Xdp { get; init; }

    public string EncapType { get; init => field = value ?? string.Empty; } = string.Empty;

    public LinkProtocolInfo? Protinfo { get; init; }

    /// <summary>0 unknown .. 6 up.</summary>
    public byte OperState { get; init; }

    [JsonPropertyName("NetNsID")]
    public long NetNsId { get; init; }

    public long NumTxQueues { get; init; }

    public long NumRxQueues { get; init; }

    /// <summary>Link kind (<c>veth</c>, <c>macvlan</c>, ...).</summary>
    [JsonPropertyName("Type")]
    public string Kind { get; init => field = value ?? string.Empty; } = string.Empty;
}

/// <summary>The XDP program of an interface.</summary>
public sealed record LinkXdp : StoredObject
{
    public long Fd { get; init; }

    public bool Attached { get; init; }

    public uint Flags { get; init; }

    public uint ProgId { get; init; }
}

/// <summary>Bridge port flags.</summary>
public sealed record LinkProtocolInfo : StoredObject
{
    public bool Hairpin { get; init; }

    public bool Guard { get; init; }

    public bool FastLeave { get; init; }

    public bool RootBlock { get; init; }

    public bool Learning { get; init; }

    public bool Flood { get; init; }

    public bool ProxyArp { get; init; }

    public bool ProxyArpWiFi { get; init; }
}
