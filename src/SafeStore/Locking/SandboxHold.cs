using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Threads;

namespace SafeStore.Locking;

/// <summary>A sandbox's lock as it is held: the turn in this process and, once there is a lock file, the flock on it.</summary>
internal sealed class SandboxHold(
    SandboxGates gates, SandboxGate gate, LockMode mode, FairLock.Hold turn, LockWaiting waiting) : IDisposable
{
    private int _disposed;
    private bool _isCommitting;
    private Signal? _idle;

    public SandboxGate Gate => gate;

    public string Sandbox => gate.Sandbox;

    public LockMode Mode => mode;

    public SandboxHandles Handles => gate.Handles ?? throw new InvalidOperationException("The sandbox does not exist yet.");

    /// <summary>The LSN of the sandbox's last transaction.</summary>
    public Lsn Version { get; set; }

    /// <summary>Whether the flock is held; false for a sandbox that is to be created, or was removed.</summary>
    public bool HasFlock { get; set; }

    /// <summary>What its lock word said if it could not be resolved: the sandbox can only be removed. Null if it is resolved.</summary>
    public LockWord? Unresolved { get; set; }

    /// <summary>Whether a transaction of this holder may be left half done: only the next locker finishes it.</summary>
    public bool IsSpent { get; set; }

    /// <summary>Tells who waits for it whose it is, if it has an owner.</summary>
    public void Own(HeldLocks.Link link)
    {
        if (link.Label is not null)
        {
            link.Since = waiting.Time.GetTimestamp();
            gate.Owned = link;
        }
    }

    public void ThrowIfReleased()
    {
        if (Volatile.Read(ref _disposed) != 0)
        {
            throw new InvalidOperationException($"The lock of sandbox '{Sandbox}' has been released; lock it again.");
        }
    }

    /// <summary>One transaction at a time may use the lock.</summary>
    public void BeginCommit()
    {
        lock (gate)
        {
            ThrowIfReleased();
            if (_isCommitting)
            {
                throw new InvalidOperationException(
                    $"Another transaction with the lock of sandbox '{Sandbox}' is being committed; await it first.");
            }

            _isCommitting = true;
        }
    }

    public void EndCommit()
    {
        lock (gate)
        {
            _isCommitting = false;
            _idle?.Set();
            _idle = null;
        }
    }

    /// <summary>Ends when no transaction uses the lock.</summary>
    private Task WhenIdleAsync()
    {
        lock (gate)
        {
            return _isCommitting ? (_idle ??= new Signal(waiting.Guard)).Task
                : Task.CompletedTask;
        }
    }

    /// <summary>The sandbox has been created: its lock file, locked, is this holder's.</summary>
    public void Adopt(SandboxHandles handles)
    {
        gate.Handles?.Dispose();
        gate.Handles = handles;
        HasFlock = true;
    }

    /// <summary>The sandbox has been removed, and its lock file with it.</summary>
    public void Abandon()
    {
        gate.Handles?.Dispose();
        gate.Handles = null;
        HasFlock = false;
    }

    /// <summary>Releases the lock once no transaction uses it.</summary>
    public async ValueTask ReleaseAsync()
    {
        while (!TryDispose())
        {
            await WhenIdleAsync().ConfigureAwait(false);
        }
    }

    public void Dispose() => TryDispose();

    private bool TryDispose()
    {
        lock (gate)
        {
            // Decided together with BeginCommit: a commit that has begun keeps the lock.
            if (_isCommitting)
            {
                return false;
            }

            if (_disposed != 0)
            {
                return true;
            }

            _disposed = 1;
        }

        try
        {
            ReleaseFlock();
        }
        finally
        {
            turn.Dispose();
            gates.Leave(gate);
        }

        return true;
    }

    private void ReleaseFlock()
    {
        // Inside the lock: a reader that comes now must find either the count above zero or the flock released.
        lock (gate)
        {
            if (!HasFlock || (mode == LockMode.Shared && --gate.Readers > 0))
            {
                return;
            }

            try
            {
                gate.Handles?.Lock.Release();
            }
            catch (StorageException)
            {
                // What cannot be unlocked is closed, which unlocks it.
                gate.Handles?.Dispose();
                gate.Handles = null;
            }
        }
    }
}
