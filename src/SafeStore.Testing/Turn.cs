using System;
using System.Diagnostics.CodeAnalysis;
using System.Threading;
using SafeStore.FileSystem;
using SafeStore.Testing.Disks;

namespace SafeStore.Testing;

/// <summary>A write that has not had its effect yet: a kill may leave a part of it.</summary>
internal sealed record WriteInProgress(ulong Device, long Inode, long Offset, byte[] Bytes);

/// <summary>One call of a process, from its beginning to its end; the machine does nothing else meanwhile.</summary>
[SuppressMessage("Performance", "CA1815", Justification = "Never compared.")]
internal readonly ref struct Turn
{
    private readonly SimulatedMachine _machine;
    private readonly SimulatedProcess _process;
    private readonly Lock.Scope _scope;

    private Turn(SimulatedMachine machine, SimulatedProcess process, Lock.Scope scope, SimulatedCall call, SimulatedFault? fault)
    {
        _machine = machine;
        _process = process;
        _scope = scope;
        Call = call;
        Fault = fault;
    }

    public SimulatedCall Call { get; }

    public SimulatedFault? Fault { get; }

    /// <summary>Begins a call; the process must be alive.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="process">The process.</param>
    /// <param name="operation">What it asks for.</param>
    /// <param name="path">The path.</param>
    /// <param name="detail">The rest.</param>
    /// <param name="disk">Where it works, if that is known at the beginning.</param>
    /// <param name="write">What it writes.</param>
    public static Turn Begin(
        SimulatedMachine machine, SimulatedProcess process, Operation operation, string path, string detail, Disk? disk,
        WriteInProgress? write = null)
    {
        machine.Concurrent?.Switch();
        machine.BeforeCall?.Invoke(process, operation);
        Lock.Scope scope = machine.Gate.EnterScope();
        try
        {
            ThrowIfDead(process);
            (SimulatedCall call, SimulatedFault? fault) = machine.Announce(process, operation, path, detail);
            if (fault is SlowCall slow)
            {
                // Others go on meanwhile.
                scope.Dispose();
                machine.Sleep(process, slow.Duration);
                scope = machine.Gate.EnterScope();
                ThrowIfDead(process);
            }

            var turn = new Turn(machine, process, scope, call, fault);
            if (call.IsChange)
            {
                machine.BeforeChange?.Invoke(call, write);
            }

            turn.Befall(disk);
            return turn;
        }
        catch
        {
            scope.Dispose();
            throw;
        }
    }

    public void Dispose() => _scope.Dispose();

    /// <summary>The error of a call that is to fail without any effect.</summary>
    public bool Fails(out Errno errno)
    {
        errno = Fault is CallFails fail ? fail.Errno : Errno.None;
        if (errno != Errno.None)
        {
            _machine.Record(Call with { Result = errno });
        }

        return errno != Errno.None;
    }

    /// <summary>Ends a call that opens something: what it opened is closed again if the result is an error nevertheless.</summary>
    public Errno End<T>(Errno result, ref T? opened)
        where T : class, IDisposable
    {
        result = End(result);
        if (result != Errno.None)
        {
            opened?.Dispose();
            opened = null;
        }

        return result;
    }

    /// <summary>Ends the call with its result.</summary>
    public Errno End(Errno result)
    {
        if (Fault is CallDoneButFails done && result == Errno.None)
        {
            result = done.Errno;
        }

        _machine.Record(Call with { Result = result });
        switch (Fault)
        {
            case ProcessKilled { Afterwards: true }:
                _machine.Kill(_process);
                break;
            case PowerLost { Afterwards: true } loss:
                _machine.LosePower(loss.Seed);
                break;
            default:
                break;
        }

        ThrowIfDead(_process);
        return result;
    }

    private void Befall(Disk? disk)
    {
        switch (Fault)
        {
            case ProcessKilled { Afterwards: false }:
                _machine.Kill(_process);
                break;
            case PowerLost { Afterwards: false } loss:
                _machine.LosePower(loss.Seed);
                break;
            case BecomesReadOnly:
                (disk ?? _machine.Mounts.DiskOf(Call.Path)).IsReadOnly = true;
                break;
            default:
                break;
        }

        ThrowIfDead(_process);
    }

    private static void ThrowIfDead(SimulatedProcess process)
    {
        if (!process.IsAlive)
        {
            throw new SimulatedCrashException($"The simulated {process} was killed.");
        }
    }
}
