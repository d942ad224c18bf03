using System;
using SafeStore.Sandboxes;

namespace SafeStore;

/// <summary>
/// Work on a sandbox was not completed, and its side effects could not be undone: a handler failed, or this program has none. The sandbox
/// is not locked; its intents are as they were, without those that are undone. Mend the cause and lock it again, or look at it with
/// <see cref="PendingIntents.Keep"/>.
/// </summary>
public sealed class UndoFailedException : SafeStoreException
{
    internal UndoFailedException(string sandbox, Intent intent, string reason, Exception? innerException = null)
        : base(
            $"The sandbox '{sandbox}' has work that was not completed, and its intent {intent.Number} ('{intent.Kind}', attempt "
                + $"{intent.Attempts}) could not be undone: {reason} "
            + $"Mend the cause and lock the sandbox again, or lock it with {nameof(PendingIntents)}.{nameof(PendingIntents.Keep)} and "
                + $"clear the intent.",
            innerException)
    {
        Sandbox = sandbox;
        Intent = intent;
    }

    /// <inheritdoc/>
    public override string Code => "undo-failed";

    /// <summary>The sandbox.</summary>
    public string Sandbox { get; }

    /// <summary>The intent that could not be undone; older ones were not tried.</summary>
    public Intent Intent { get; }
}
