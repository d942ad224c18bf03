using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary><c>network.json</c>: the sandbox's network namespace with its endpoints.</summary>
public sealed record NetworkNamespace : StoredObject
{
    /// <summary>The path of the network namespace.</summary>
    public string NetNsPath { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>True when Kata created it.</summary>
    public bool NetNsCreated { get; init; }

    /// <summary>
    /// The pid of the network monitor, which another process needs to stop it; null, and left out of the file, if there is none. The seed
    /// does not store it.
    /// </summary>
    [JsonPropertyName("NetmonPID"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? NetmonPid { get; init; }

    /// <summary>Its endpoints; one of a kind that is not known is a <see cref="RawEndpoint"/>.</summary>
    public IReadOnlyList<Endpoint>? Endpoints { get; init; }
}
