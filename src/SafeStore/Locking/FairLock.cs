using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Threads;

namespace SafeStore.Locking;

/// <summary>
/// A shared/exclusive lock between the flows of one process: first come, first served; neighbouring readers share; a reader that comes
/// after a waiting writer waits behind it. flock cannot do this: it does not tell threads from each other and keeps no order.
/// </summary>
internal sealed class FairLock
{
    private readonly Lock _gate = new();
    private LinkedList<Waiter>? _waiting; // once a caller has had to wait
    private int _readers;
    private bool _writer;

    private bool IsWaitedFor => _waiting is { Count: > 0 };

    /// <summary>Enters the lock if that needs no wait.</summary>
    public Hold? TryEnter(LockMode mode)
    {
        lock (_gate)
        {
            return !IsWaitedFor && TryTake(mode) ? new Hold(this, mode) : null;
        }
    }

    /// <summary>Enters the lock; null when the time is up.</summary>
    public ValueTask<Hold?> EnterAsync(LockMode mode, TimeSpan timeout, LockWaiting waiting, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        LinkedListNode<Waiter> node;
        lock (_gate)
        {
            if (!IsWaitedFor && TryTake(mode))
            {
                return ValueTask.FromResult<Hold?>(new Hold(this, mode));
            }

            if (timeout == TimeSpan.Zero)
            {
                return ValueTask.FromResult<Hold?>(null);
            }

            node = (_waiting ??= new LinkedList<Waiter>()).AddLast(new Waiter(mode, new Signal(waiting.Guard)));
        }

        return WaitAsync(node, timeout, waiting.Time, cancellation);
    }

    private async ValueTask<Hold?> WaitAsync(
        LinkedListNode<Waiter> node, TimeSpan timeout, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            await node.Value.Granted.Task.WaitAsync(timeout, time, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return GiveUp(node) ? null : new Hold(this, node.Value.Mode);
        }
        catch (OperationCanceledException)
        {
            if (!GiveUp(node))
            {
                Exit(node.Value.Mode);
            }

            throw;
        }

        return new Hold(this, node.Value.Mode);
    }

    /// <summary>Leaves the queue; false if the lock was granted in the meantime.</summary>
    private bool GiveUp(LinkedListNode<Waiter> node)
    {
        lock (_gate)
        {
            if (node.List is null)
            {
                return false;
            }

            node.List.Remove(node);
            GrantToFirst(); // a writer that leaves may have kept readers behind it waiting
            return true;
        }
    }

    private void Exit(LockMode mode)
    {
        lock (_gate)
        {
            if (mode == LockMode.Exclusive)
            {
                _writer = false;
            }
            else
            {
                _readers--;
            }

            GrantToFirst();
        }
    }

    private void GrantToFirst()
    {
        while (_waiting?.First is { } first && TryTake(first.Value.Mode))
        {
            _waiting.RemoveFirst();
            first.Value.Granted.Set();
        }
    }

    private bool TryTake(LockMode mode)
    {
        if (_writer || (mode == LockMode.Exclusive && _readers > 0))
        {
            return false;
        }

        if (mode == LockMode.Exclusive)
        {
            _writer = true;
        }
        else
        {
            _readers++;
        }

        return true;
    }

    /// <summary>Proof that the lock is held; disposing it leaves the lock, once.</summary>
    internal sealed class Hold(FairLock owner, LockMode mode) : IDisposable
    {
        private FairLock? _owner = owner;

        public void Dispose() => Interlocked.Exchange(ref _owner, null)?.Exit(mode);
    }

    private sealed record Waiter(LockMode Mode, Signal Granted);
}
