using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

namespace SafeStore.Sandboxes;

/// <summary>The locks of several sandboxes, for one transaction over all of them. Dispose it to release them.</summary>
public sealed class ModelLocks : IAsyncDisposable
{
    private readonly SandboxLocks _held;
    private readonly List<ModelLock> _locks;

    internal ModelLocks(SandboxLocks held, List<ModelLock> locks)
    {
        _held = held;
        _locks = locks;
    }

    /// <summary>The locks, sorted by sandbox.</summary>
    public IReadOnlyList<ModelLock> Locks => _locks;

    /// <summary>Starts a transaction over all of them; new sandboxes are created when it commits.</summary>
    /// <exception cref="InvalidOperationException">The locks are shared or released.</exception>
    public ModelTransaction Change()
    {
        Transaction transaction = _held.Change();
        return new ModelTransaction([.. _locks.Select(held => (held, transaction.For(held.Sandbox)))]);
    }

    /// <summary>
    /// Releases the locks; waits for a commit that is under way with them. What was intended and not completed is undone by the next
    /// exclusive lock of its sandbox.
    /// </summary>
    public ValueTask DisposeAsync() => _held.DisposeAsync();
}
