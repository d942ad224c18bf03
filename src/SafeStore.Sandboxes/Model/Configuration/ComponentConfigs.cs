using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>The proxy between the runtime and the agent.</summary>
public sealed record ProxyConfig : StoredObject
{
    public string Path { get; init => field = value ?? string.Empty; } = string.Empty;

    public bool Debug { get; init; }
}

/// <summary><see cref="SandboxConfig.AgentConfig"/> of a <c>kata</c> agent.</summary>
public sealed record KataAgentConfig : StoredObject
{
    public bool LongLiveConn { get; init; }

    [JsonPropertyName("UseVSock")]
    public bool UseVsock { get; init; }
}

/// <summary><see cref="SandboxConfig.AgentConfig"/> of a <c>hyperstart</c> agent.</summary>
public sealed record HyperConfig : StoredObject
{
    public string SockCtlName { get; init => field = value ?? string.Empty; } = string.Empty;

    public string SockTtyName { get; init => field = value ?? string.Empty; } = string.Empty;
}

/// <summary><see cref="SandboxConfig.ShimConfig"/>.</summary>
public sealed record ShimConfig : StoredObject
{
    public string Path { get; init => field = value ?? string.Empty; } = string.Empty;

    public bool Debug { get; init; }

    public bool Trace { get; init; }
}

/// <summary>A host directory that is shared with the guest.</summary>
public sealed record Volume : StoredObject
{
    public string MountTag { get; init => field = value ?? string.Empty; } = string.Empty;

    public string HostPath { get; init => field = value ?? string.Empty; } = string.Empty;
}
