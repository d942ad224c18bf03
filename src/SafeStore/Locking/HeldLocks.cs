using System.Threading;

namespace SafeStore.Locking;

/// <summary>
/// Which locks the current flow of execution holds, so that taking one twice fails at once. Each lock taken adds a link to a chain that
/// flows with the execution context: to callees and tasks started while it is held, never to siblings.
/// </summary>
internal sealed class HeldLocks
{
    private readonly AsyncLocal<Link?> _chain = new();

    /// <summary>
    /// Announces a lock. Must be called in the caller's own synchronous part: what an async method sets is gone when it returns.
    /// </summary>
    /// <exception cref="LockRecursionException">The flow holds it already.</exception>
    public Link Announce(string sandbox)
    {
        Link? parent = FirstHeld(_chain.Value);
        for (Link? link = parent; link is not null; link = link.Parent)
        {
            link.Parent = FirstHeld(link.Parent); // who hands locks on for ever must not drag the old ones along
            if (link.Sandbox == sandbox)
            {
                throw new LockRecursionException(sandbox);
            }
        }

        var announced = new Link(sandbox, parent);
        _chain.Value = announced;
        return announced;
    }

    private static Link? FirstHeld(Link? link)
    {
        while (link is { IsHeld: false })
        {
            link = link.Parent;
        }

        return link;
    }

    internal sealed class Link(string sandbox, Link? parent)
    {
        private volatile bool _isReleased;
        private volatile Link? _parent = parent;

        public string Sandbox => sandbox;

        public Link? Parent
        {
            get => _parent;
            set => _parent = value;
        }

        public bool IsHeld => !_isReleased;

        public void Release() => _isReleased = true;
    }
}
