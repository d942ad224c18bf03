using System.Collections.Generic;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A route; constants as in rtnetlink(7).</summary>
public sealed record Route : StoredObject
{
    public long LinkIndex { get; init; }

    public long ILinkIndex { get; init; }

    public byte Scope { get; init; }

    /// <summary>Null for a default route.</summary>
    public IPNetwork? Dst { get; init; }

    public string Src { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("Gw")]
    public string Gateway { get; init => field = value ?? string.Empty; } = string.Empty;

    public IReadOnlyList<NextHop?>? MultiPath { get; init; }

    public long Protocol { get; init; }

    public long Priority { get; init; }

    public long Table { get; init; }

    public long Type { get; init; }

    public long Tos { get; init; }

    public long Flags { get; init; }

    [JsonPropertyName("MPLSDst")]
    public long? MplsDst { get; init; }

    /// <summary>Null, or an object (MPLS labels, SRv6 segments), which the seed cannot read.</summary>
    public JsonElement? NewDst { get; init; }

    /// <summary>Null, or an object (MPLS labels, SRv6 segments), which the seed cannot read.</summary>
    public JsonElement? Encap { get; init; }

    [JsonPropertyName("MTU")]
    public long Mtu { get; init; }

    [JsonPropertyName("AdvMSS")]
    public long AdvMss { get; init; }
}

/// <summary>One hop of a route over several.</summary>
public sealed record NextHop : StoredObject
{
    public long LinkIndex { get; init; }

    public long Hops { get; init; }

    [JsonPropertyName("Gw")]
    public string Gateway { get; init => field = value ?? string.Empty; } = string.Empty;

    public long Flags { get; init; }

    public JsonElement? NewDst { get; init; }

    public JsonElement? Encap { get; init; }
}
