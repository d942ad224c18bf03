using System.Text.Json;

namespace SafeStore.Sandboxes;

/// <summary>How a side effect is to be undone if the transaction that completes its work is never committed.</summary>
public sealed record Intent : StoredObject
{
    /// <summary>Its number: intents of a sandbox are undone from the highest to the lowest.</summary>
    public long Number { get; init; }

    /// <summary>Which undo handler it is for.</summary>
    public string Kind { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>What that handler needs to know.</summary>
    public JsonElement Payload { get; init; }

    /// <summary>How often its handler has been started. Written before each start.</summary>
    public int Attempts { get; init; }

    /// <summary>What the handler's last failure said; null if it has not failed, or died before it could.</summary>
    public string? LastError { get; init; }
}
