using System.Text.Json;

namespace SafeStore.Sandboxes;

/// <summary>How a side effect is to be undone if the transaction that completes its work is never committed.</summary>
public sealed record Intent : StoredObject
{
    private static readonly JsonElement s_null = JsonElement.Parse("null"u8);

    /// <summary>Its number: intents of a sandbox are undone from the highest to the lowest.</summary>
    public long Number { get; init; }

    /// <summary>Which undo handler it is for.</summary>
    public string Kind { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>What that handler needs to know; JSON's null if nothing was said.</summary>
    public JsonElement Payload { get; init => field = value.ValueKind == JsonValueKind.Undefined ? s_null : value; } = s_null;

    /// <summary>How often its handler has been started. Written before each start, if the record has room for it.</summary>
    public int Attempts { get; init; }

    /// <summary>
    /// What the handler's last failure said, its first 256 characters; null if it has not failed, or died before it could.
    /// </summary>
    public string? LastError { get; init; }
}
