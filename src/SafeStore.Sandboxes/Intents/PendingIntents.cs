namespace SafeStore.Sandboxes;

/// <summary>What an exclusive lock does with intents that a dead or failed program has left.</summary>
public enum PendingIntents
{
    /// <summary>Undoes them, newest first, before the lock is handed out.</summary>
    Undo,

    /// <summary>Leaves them for the caller to look at, to undo or to clear.</summary>
    Keep,
}
