using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary><c>agent.json</c>, the same for the kata and the hyperstart agent.</summary>
public sealed record AgentState : StoredObject
{
    /// <summary>-1 after stop.</summary>
    public long ProxyPid { get; init; }

    /// <summary>"" after stop.</summary>
    [JsonPropertyName("URL")]
    public string Url { get; init => field = value ?? string.Empty; } = string.Empty;
}
