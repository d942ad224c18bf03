using System.Collections.Generic;
using System.Text.Json.Serialization;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>A sandbox's network namespace with its endpoints.</summary>
public sealed record PersistNetwork : StoredObject
{
    public string NetNsPath { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The pid of the process that watches the namespace.</summary>
    [JsonPropertyName("NetmonPID")]
    public long NetmonPid { get; init; }

    /// <summary>True when Kata created it.</summary>
    public bool NetNsCreated { get; init; }

    public IReadOnlyList<PersistEndpoint>? Endpoints { get; init; }
}

/// <summary>An endpoint: its kind and the one part of that kind.</summary>
public sealed record PersistEndpoint : StoredObject
{
    /// <summary>
    /// <c>physical</c>, <c>virtual</c>, <c>vhost-user</c>, <c>macvlan</c>, <c>macvtap</c>, <c>tap</c>, <c>ipvlan</c>, <c>tuntap</c>.
    /// </summary>
    public string Type { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PersistPhysicalEndpoint? Physical { get; init; }

    /// <summary>Of the kind <c>virtual</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PersistPairEndpoint? Veth { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PersistVhostUserEndpoint? VhostUser { get; init; }

    /// <summary>Of the kind <c>macvlan</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PersistPairEndpoint? BridgedMacvlan { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PersistMacvtapEndpoint? Macvtap { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PersistTapEndpoint? Tap { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PersistPairEndpoint? IPVlan { get; init; }

    /// <summary>Of a kind that the seed does not have.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PersistTuntapEndpoint? Tuntap { get; init; }
}
