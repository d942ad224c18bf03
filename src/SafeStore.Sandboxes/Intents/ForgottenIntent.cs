using System;

namespace SafeStore.Sandboxes;

/// <summary>An intent that was given up: nothing undoes its side effect, and the sandbox's record of intents says why.</summary>
public sealed record ForgottenIntent : StoredObject
{
    /// <summary>The intent.</summary>
    public Intent Intent { get; init => field = value ?? new Intent(); } = new();

    /// <summary>Why it was given up.</summary>
    public string Reason { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>When, by the clock of the store.</summary>
    public DateTimeOffset Time { get; init; }
}
