using System.Collections.Generic;
using System.IO.Abstractions;

namespace SafeStore.Testing;

/// <summary>A workload on its machine, and what it promises on the way.</summary>
public sealed class CrashRun
{
    private readonly List<object> _begun = [];
    private readonly List<object> _acknowledged = [];

    internal CrashRun(SimulatedMachine machine)
    {
        Machine = machine;
        Process = machine.Start("work");
    }

    /// <summary>The machine.</summary>
    public SimulatedMachine Machine { get; }

    /// <summary>The workload's process; start others on the machine.</summary>
    public SimulatedProcess Process { get; }

    /// <summary>The process's filesystem, for stores.</summary>
    public SimulatedFileSystem FileSystem => Process.FileSystem;

    /// <summary>The process's filesystem, for ordinary programs.</summary>
    public IFileSystem Files => Process.FileSystem.Files;

    /// <summary>The process's time.</summary>
    public SimulatedClock Clock => Process.Clock;

    internal IReadOnlyList<object> Begun => _begun;

    internal IReadOnlyList<object> Acknowledged => _acknowledged;

    /// <summary>Says that the workload begins something: a crash from now on may leave it done.</summary>
    /// <param name="what">What; the check gets it in <see cref="CrashState.Begun"/>.</param>
    public void Begin(object what) => _begun.Add(what);

    /// <summary>Says that something is promised to last: no crash from now on may take it away.</summary>
    /// <param name="what">What; the check gets it in <see cref="CrashState.Acknowledged"/>.</param>
    public void Acknowledge(object what) => _acknowledged.Add(what);
}

/// <summary>What a crash has left, for a check to look at: a machine that has come up again, with one process.</summary>
public sealed class CrashState
{
    internal CrashState(SimulatedMachine machine, IReadOnlyList<object> begun, IReadOnlyList<object> acknowledged, bool hasLostPower)
    {
        Machine = machine;
        Process = machine.Start("check");
        Begun = begun;
        Acknowledged = acknowledged;
        HasLostPower = hasLostPower;
    }

    /// <summary>The machine.</summary>
    public SimulatedMachine Machine { get; }

    /// <summary>A process on it; start others on the machine.</summary>
    public SimulatedProcess Process { get; }

    /// <summary>The process's filesystem, for stores.</summary>
    public SimulatedFileSystem FileSystem => Process.FileSystem;

    /// <summary>The process's filesystem, for ordinary programs.</summary>
    public IFileSystem Files => Process.FileSystem.Files;

    /// <summary>The process's time.</summary>
    public SimulatedClock Clock => Process.Clock;

    /// <summary>What the workload had begun before the crash, in order.</summary>
    public IReadOnlyList<object> Begun { get; }

    /// <summary>What the workload had promised before the crash, in order.</summary>
    public IReadOnlyList<object> Acknowledged { get; }

    /// <summary>Whether there was a power loss among the crashes; otherwise only processes were killed.</summary>
    public bool HasLostPower { get; }

    /// <summary>
    /// Says that the recovery is over: what the check does after this is not crashed again. A check that changes anything but by recovering
    /// must call it first.
    /// </summary>
    public void EndRecovery() => Machine.BeforeChange = null;
}
