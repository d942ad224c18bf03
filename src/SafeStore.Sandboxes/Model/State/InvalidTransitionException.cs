using System.Linq;
using SafeStore.Sandboxes;

namespace SafeStore;

/// <summary>
/// A sandbox or container is not in the state that was named, or may not go from it to the other, or not be removed in it. Nothing was
/// changed.
/// </summary>
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

    /// <summary>The state that was named; the stored one if it was to be removed.</summary>
    public Lifecycle From { get; }

    /// <summary>The state that it was to go to; <see cref="Lifecycle.Unknown"/> if it was to be removed.</summary>
    public Lifecycle To { get; }

    internal static void ThrowUnless(Lifecycle actual, Lifecycle from, Lifecycle to, string what)
    {
        (string fromText, string toText) = (from.ToText(), to.ToText());
        if (actual != from)
        {
            throw new InvalidTransitionException(
                $"The {what} is {Describe(actual)}, not {fromText}. Read it again and decide anew.", actual, from, to);
        }

        if (!from.MayBecome(to))
        {
            throw new InvalidTransitionException(
                $"The {what} cannot go from {fromText} to {toText}. Ready may become running or stopped, running paused or stopped, "
                + $"paused running or stopped, stopped running.", actual, from, to);
        }
    }

    internal static void ThrowUnlessIn(Lifecycle[] removable, Lifecycle actual, string what)
    {
        if (!removable.Contains(actual))
        {
            string states = string.Join(" or ", removable.Select(static state => state.ToText()));
            throw new InvalidTransitionException(
                $"The {what} is {Describe(actual)} and can be removed only when {states}. Stop it first.", actual, actual,
                Lifecycle.Unknown);
        }
    }

    private static string Describe(Lifecycle actual) => actual == Lifecycle.Unknown ? "in no known state" : actual.ToText();
}
