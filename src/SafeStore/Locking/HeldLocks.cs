using System;
using System.Collections.Immutable;
using System.Linq;
using System.Threading;

namespace SafeStore.Locking;

/// <summary>
/// Which locks the current flow of execution holds, so that taking one twice fails at once. The set flows with the execution context: to
/// callees and tasks started while a lock is held, never to siblings.
/// </summary>
internal sealed class HeldLocks
{
    private const int ReleasedMax = 8;

    private readonly AsyncLocal<Set?> _set = new();

    /// <summary>
    /// Announces a lock. Must be called in the caller's own synchronous part: what an async method sets is gone when it returns.
    /// </summary>
    /// <exception cref="LockAlreadyHeldException">The flow holds it already.</exception>
    public Link Announce(string sandbox) => Announce([sandbox])[0];

    /// <summary>Announces several, or none.</summary>
    /// <exception cref="LockAlreadyHeldException">The flow holds one of them already.</exception>
    public Link[] Announce(ReadOnlySpan<string> sandboxes)
    {
        Set held = _set.Value is { } before ? before.WithoutReleased() : Set.Empty;
        ImmutableDictionary<string, Link>.Builder links = held.Links.ToBuilder();
        var announced = new Link[sandboxes.Length];
        for (int i = 0; i < sandboxes.Length; i++)
        {
            string sandbox = sandboxes[i];
            if (links.TryGetValue(sandbox, out Link? link) && link.IsHeld)
            {
                throw new LockAlreadyHeldException(sandbox);
            }

            links[sandbox] = announced[i] = new Link();
        }

        _set.Value = held with { Links = links.ToImmutable() };
        return announced;
    }

    internal sealed class Link
    {
        private volatile bool _isReleased;

        public bool IsHeld => !_isReleased;

        public void Release() => _isReleased = true;
    }

    /// <param name="Links">By sandbox; some have been released since.</param>
    /// <param name="HeldOnce">How many there were when the released ones were taken out the last time.</param>
    private sealed record Set(ImmutableDictionary<string, Link> Links, int HeldOnce)
    {
        public static Set Empty { get; } = new(ImmutableDictionary<string, Link>.Empty.WithComparers(StringComparer.Ordinal), 0);

        /// <summary>A flow that goes on for ever must not drag its old locks along; nor is it to look at all for each new one.</summary>
        public Set WithoutReleased()
        {
            if (Links.Count <= (2 * HeldOnce) + ReleasedMax)
            {
                return this;
            }

            ImmutableDictionary<string, Link> held =
                Links.RemoveRange(Links.Where(static entry => !entry.Value.IsHeld).Select(static entry => entry.Key));
            return new Set(held, held.Count);
        }
    }
}
