using System.Collections.Generic;

namespace SafeStore.Sandboxes;

/// <summary><c>intents.json</c> in the config root, which outlives a reboot: what is to be undone if the work that it belongs to is not completed.</summary>
internal sealed record IntentDocument : StoredObject
{
    public const string File = "intents.json";

    /// <summary>The sandbox itself is only being made: when everything is undone, it goes too.</summary>
    public bool Creating { get; init; }

    /// <summary>The number of the next intent. Numbers are not used again while the document exists.</summary>
    public long Next { get; init; } = 1;

    /// <summary>In the order in which they were recorded.</summary>
    public IReadOnlyList<Intent> Intents { get; init => field = value ?? []; } = [];
}
