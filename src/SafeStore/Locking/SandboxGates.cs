using System;
using System.Collections.Generic;
using System.Threading;

namespace SafeStore.Locking;

/// <summary>One sandbox as the flows of this process meet it: in order, before any of them asks the other processes.</summary>
internal sealed class SandboxGate(string sandbox)
{
    private FairLock? _entrance;

    public string Sandbox => sandbox;

    /// <summary>Orders the flows of this process.</summary>
    public FairLock Threads { get; } = new();

    /// <summary>Lets one reader at a time take or find the shared flock that all of them use.</summary>
    public FairLock Entrance => LazyInitializer.EnsureInitialized(ref _entrance, static () => new FairLock());

    /// <summary>
    /// How many readers use the shared flock; guarded by <see cref="Entrance"/> on the way up, by this object's lock always.
    /// </summary>
    public int Readers { get; set; }

    /// <summary>The version that the readers share.</summary>
    public Lsn SharedVersion { get; set; }

    /// <summary>The lock that a flow with an owner took last; perhaps released since.</summary>
    public HeldLocks.Link? Owned { get; set; }

    /// <summary>What is open of the sandbox; used by the holder of <see cref="Threads"/> or, between holders, kept for the next.</summary>
    public SandboxHandles? Handles { get; set; }

    /// <summary>Flows that hold the gate or wait for it; guarded by the gates' lock.</summary>
    public int Users { get; set; }

    /// <summary>
    /// Its place among the idle gates, once it has been one, so that it is found there without a search; guarded by the gates' lock.
    /// </summary>
    public LinkedListNode<SandboxGate>? IdlePlace { get; set; }
}

/// <summary>
/// The gates of the sandboxes in use, and of a few that were: their open handles save most of the next lock's work. Memory and handles
/// do not grow with the number of sandboxes that are not locked.
/// </summary>
internal sealed class SandboxGates(int idleMax) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, SandboxGate> _gates = new(StringComparer.Ordinal);
    private readonly LinkedList<SandboxGate> _idle = new();

    public SandboxGate Enter(string sandbox)
    {
        lock (_lock)
        {
            if (!_gates.TryGetValue(sandbox, out SandboxGate? gate))
            {
                gate = new SandboxGate(sandbox);
                _gates.Add(sandbox, gate);
            }
            else if (gate.IdlePlace is { List: not null } place)
            {
                _idle.Remove(place);
            }

            gate.Users++;
            return gate;
        }
    }

    public void Leave(SandboxGate gate)
    {
        lock (_lock)
        {
            if (--gate.Users > 0)
            {
                return;
            }

            if (gate.Handles is null)
            {
                _gates.Remove(gate.Sandbox);
                return;
            }

            _idle.AddLast(gate.IdlePlace ??= new LinkedListNode<SandboxGate>(gate));
            while (_idle.Count > idleMax)
            {
                EvictOldest();
            }
        }
    }

    /// <summary>Closes what is kept open of sandboxes that are not in use.</summary>
    public void EvictIdle()
    {
        lock (_lock)
        {
            while (_idle.Count > 0)
            {
                EvictOldest();
            }
        }
    }

    public void Dispose() => EvictIdle();

    private void EvictOldest()
    {
        SandboxGate oldest = _idle.First!.Value;
        _idle.RemoveFirst();
        _gates.Remove(oldest.Sandbox);
        oldest.Handles?.Dispose();
    }
}
