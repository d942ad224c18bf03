using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>How the sandbox is connected to the network.</summary>
public sealed record NetworkConfig : StoredObject
{
    /// <summary>Written <c>NetNSPath</c>; in <c>network.json</c> it is <c>NetNsPath</c>.</summary>
    [JsonPropertyName("NetNSPath")]
    public string NetNsPath { get; init => field = value ?? string.Empty; } = string.Empty;

    public bool NetNsCreated { get; init; }

    public bool DisableNewNetNs { get; init; }

    public NetmonConfig NetmonConfig { get; init => field = value ?? new(); } = new();

    public NetworkInterworkingModel InterworkingModel { get; init; }
}

/// <summary>The process that watches the network namespace.</summary>
public sealed record NetmonConfig : StoredObject
{
    public string Path { get; init => field = value ?? string.Empty; } = string.Empty;

    public bool Debug { get; init; }

    public bool Enable { get; init; }
}
