using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Threading;

namespace SafeStore.Locking;

/// <summary>
/// Which locks the current flow of execution holds, so that one that it took directly and takes again fails at once. The set flows with
/// the execution context: to callees and tasks started while a lock is held, never to siblings. What an owner holds is noted at the owner
/// too, which all flows below its beginning share: what an async method of theirs takes is still known when that has returned.
/// </summary>
internal sealed class HeldLocks
{
    private const int ReleasedMax = 8;

    private readonly AsyncLocal<Set?> _set = new();
    private readonly AsyncLocal<Owner?> _owner = new();

    /// <summary>Begins an owner, inside the present one. Must be called in the caller's own synchronous part.</summary>
    public Owner Begin(string label) => _owner.Value = new Owner(this, label, _owner.Value);

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
                throw new LockAlreadyHeldException(sandbox, null);
            }

            links[sandbox] = announced[i] = new Link();
        }

        _owner.Value?.Note(sandboxes, announced);
        _set.Value = held with { Links = links.ToImmutable() };
        return announced;
    }

    internal sealed class Link
    {
        private volatile bool _isReleased;

        public bool IsHeld => !_isReleased;

        /// <summary>Its owner's label; null without one.</summary>
        public string? Label { get; set; }

        /// <summary>When it was taken, by the store's clock; told for one with an owner.</summary>
        public long Since { get; set; }

        public void Release() => _isReleased = true;
    }

    /// <summary>Ends with its disposal, in the flow that began it; what flows below it still hold stays noted.</summary>
    internal sealed class Owner(HeldLocks held, string label, Owner? outer) : IDisposable
    {
        private readonly Dictionary<string, Link> _links = new(StringComparer.Ordinal);
        private int _heldOnce;

        /// <exception cref="LockAlreadyHeldException">It, or one around it, holds one of them already.</exception>
        public void Note(ReadOnlySpan<string> sandboxes, Link[] links)
        {
            lock (_links)
            {
                for (int i = 0; i < sandboxes.Length; i++)
                {
                    for (Owner? owner = this; owner is not null; owner = owner.Outer)
                    {
                        owner.ThrowIfHeld(sandboxes[i]);
                    }
                }

                for (int i = 0; i < sandboxes.Length; i++)
                {
                    links[i].Label = label;
                    _links[sandboxes[i]] = links[i];
                }

                ForgetReleased();
            }
        }

        public void Dispose() => held._owner.Value = outer;

        private Owner? Outer => outer;

        private void ThrowIfHeld(string sandbox)
        {
            lock (_links)
            {
                if (_links.TryGetValue(sandbox, out Link? link) && link.IsHeld)
                {
                    throw new LockAlreadyHeldException(sandbox, label);
                }
            }
        }

        /// <summary>An owner that goes on for ever must not drag its old locks along.</summary>
        private void ForgetReleased()
        {
            if (_links.Count > (2 * _heldOnce) + ReleasedMax)
            {
                foreach ((string sandbox, Link link) in _links)
                {
                    if (!link.IsHeld)
                    {
                        _ = _links.Remove(sandbox);
                    }
                }

                _heldOnce = _links.Count;
            }
        }
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
