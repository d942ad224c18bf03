using System;
using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>What netlink tells of an interface: link, addresses, routes, name servers.</summary>
public sealed record NetworkInfo : StoredObject
{
    [JsonPropertyName("Iface")]
    public NetlinkInterface Interface { get; init => field = value ?? new(); } = new();

    [JsonPropertyName("Addrs")]
    public IReadOnlyList<InterfaceAddress>? Addresses { get; init; }

    public IReadOnlyList<Route>? Routes { get; init; }

    [JsonPropertyName("DNS")]
    public DnsInfo Dns { get; init => field = value ?? new(); } = new();
}

/// <summary>Name resolution.</summary>
public sealed record DnsInfo : StoredObject
{
    public IReadOnlyList<string>? Servers { get; init; }

    public string Domain { get; init => field = value ?? string.Empty; } = string.Empty;

    public IReadOnlyList<string>? Searches { get; init; }

    public IReadOnlyList<string>? Options { get; init; }
}

/// <summary>
/// An address of an interface. <see cref="IP"/> and <see cref="Mask"/> are left out of the file together, when there is no network.
/// </summary>
public sealed record InterfaceAddress : StoredObject
{
    /// <summary>Null when the address has no network; then <see cref="Mask"/> is not written either.</summary>
    public string? IP { get; init; }

    /// <summary>Null when there is none.</summary>
    public ReadOnlyMemory<byte>? Mask { get; init; }

    public string Label { get; init => field = value ?? string.Empty; } = string.Empty;

    public long Flags { get; init; }

    public long Scope { get; init; }

    public IPNetwork? Peer { get; init; }

    public string Broadcast { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>In seconds; the member is called <c>PreferedLft</c>.</summary>
    [JsonPropertyName("PreferedLft")]
    public long PreferredLifetime { get; init; }

    [JsonPropertyName("ValidLft")]
    public long ValidLifetime { get; init; }
}

/// <summary>A network: address and mask.</summary>
public sealed record IPNetwork : StoredObject
{
    public string IP { get; init => field = value ?? string.Empty; } = string.Empty;

    public ReadOnlyMemory<byte>? Mask { get; init; }
}
