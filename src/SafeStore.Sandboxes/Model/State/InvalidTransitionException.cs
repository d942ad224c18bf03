namespace SafeStore.Sandboxes;

/// <summary>A sandbox or container is not in the state that was named, or may not go from it to the other. Nothing was changed.</summary>
public sealed class InvalidTransitionException : SafeStoreException
{
    private InvalidTransitionException(string message, Lifecycle actual, Lifecycle from, Lifecycle to)
        : base(message)
    {
        Actual = actual;
        From = from;
        To = to;
    }

    /// <inheritdoc/>
    public override string Code => "invalid-transition";

    /// <summary>The state that is stored.</summary>
    public Lifecycle Actual { get; }

    /// <summary>The state that was named.</summary>
    public Lifecycle From { get; }

    /// <summary>The state that it was to go to.</summary>
    public Lifecycle To { get; }

    internal static void ThrowUnless(Lifecycle actual, Lifecycle from, Lifecycle to, string what)
    {
        (string fromText, string toText) = (from.ToText(), to.ToText());
        if (actual != from)
        {
            throw new InvalidTransitionException($"The {what} is {(actual == Lifecycle.Unknown ? "in no known state" : actual.ToText())}, not {fromText}. Read it again and decide anew.", actual, from, to);
        }

        if (!from.MayBecome(to))
        {
            throw new InvalidTransitionException($"The {what} cannot go from {fromText} to {toText}. Ready may become running or stopped, running paused or stopped, paused running or stopped, stopped running.", actual, from, to);
        }
    }
}
