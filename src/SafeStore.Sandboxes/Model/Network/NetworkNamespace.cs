using System.Collections.Generic;

namespace SafeStore.Sandboxes;

/// <summary><c>network.json</c>: the sandbox's network namespace with its endpoints.</summary>
public sealed record NetworkNamespace : StoredObject
{
    /// <summary>The path of the network namespace.</summary>
    public string NetNsPath { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>True when Kata created it.</summary>
    public bool NetNsCreated { get; init; }

    /// <summary>Its endpoints; one of a kind that is not known is a <see cref="RawEndpoint"/>.</summary>
    public IReadOnlyList<Endpoint>? Endpoints { get; init; }
}
