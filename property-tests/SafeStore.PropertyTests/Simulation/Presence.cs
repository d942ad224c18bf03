using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Testing;

namespace SafeStore.PropertyTests.Simulation;

/// <summary>Who is in which sandbox. Written in the order of calls, since one simulated process runs at a time.</summary>
internal sealed class Presence
{
    private readonly List<(SimulatedProcess Process, string Sandbox, LockMode Mode)> _holders = [];

    public int Entries { get; private set; }

    public void Enter(SimulatedProcess process, string sandbox, LockMode mode)
    {
        // A dead one has left, although its thread has not noticed.
        foreach ((SimulatedProcess other, string held, LockMode otherMode) in _holders.Where(static holder => holder.Process.IsAlive))
        {
            if (held == sandbox && (mode == LockMode.Exclusive || otherMode == LockMode.Exclusive))
            {
                throw new InvalidOperationException($"{process} holds {sandbox} ({mode}) while {other} does ({otherMode})");
            }
        }

        _holders.Add((process, sandbox, mode));
        Entries++;
    }

    public void Leave(SimulatedProcess process, string sandbox) =>
        _holders.RemoveAt(_holders.FindIndex(holder => holder.Process == process && holder.Sandbox == sandbox));
}
