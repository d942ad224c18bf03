using System.Collections.Generic;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary><c>config.json</c> of a sandbox: what it was created from, with a full copy of each container's configuration.</summary>
public sealed record SandboxConfig : StoredObject
{
    private const string DefaultNetworkModel = "default";

    /// <summary>Sandbox id.</summary>
    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Guest host name.</summary>
    public string Hostname { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary><c>qemu</c>, <c>firecracker</c>, <c>mock</c>.</summary>
    public string HypervisorType { get; init => field = value ?? string.Empty; } = string.Empty;

    public HypervisorConfig HypervisorConfig { get; init => field = value ?? new(); } = new();

    /// <summary><c>kata</c>, <c>hyperstart</c>, <c>noop</c>.</summary>
    public string AgentType { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>
    /// Of the kind that <see cref="AgentType"/> says (<see cref="KataAgentConfig"/>, <see cref="HyperConfig"/>), or null; every digit and
    /// the order of members are kept.
    /// </summary>
    public JsonElement? AgentConfig { get; init; }

    /// <summary><c>noopProxy</c>, <c>noProxy</c>, <c>ccProxy</c>, <c>kataProxy</c>, <c>kataBuiltInProxy</c>.</summary>
    public string ProxyType { get; init => field = value ?? string.Empty; } = string.Empty;

    public ProxyConfig ProxyConfig { get; init => field = value ?? new(); } = new();

    /// <summary><c>ccShim</c>, <c>noopShim</c>, <c>kataShim</c>, <c>kataBuiltInShim</c>.</summary>
    public string ShimType { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>
    /// Of the kind that <see cref="ShimType"/> says (<see cref="Sandboxes.ShimConfig"/>), or null; every digit and the order of members are
    /// kept.
    /// </summary>
    public JsonElement? ShimConfig { get; init; }

    /// <summary><c>default</c>, <c>noop</c>. With none at all the seed does not connect the sandbox.</summary>
    public string NetworkModel { get; init => field = value ?? DefaultNetworkModel; } = DefaultNetworkModel;

    public NetworkConfig NetworkConfig { get; init => field = value ?? new(); } = new();

    /// <summary>Host directories shared with the guest.</summary>
    public IReadOnlyList<Volume>? Volumes { get; init; }

    /// <summary>Full copy of every container config.</summary>
    public IReadOnlyList<ContainerConfig>? Containers { get; init; }

    /// <summary>
    /// Free text by key; holds the whole OCI specification as text. The seed adds to it without a look: null ends its process.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>In bytes.</summary>
    public ulong ShmSize { get; init; }

    /// <summary>One pid namespace for the pod.</summary>
    public bool SharePidNs { get; init; }

    /// <summary>Kept in memory between calls.</summary>
    public bool Stateful { get; init; }

    public bool SystemdCgroup { get; init; }

    public bool DisableGuestSeccomp { get; init; }
}
