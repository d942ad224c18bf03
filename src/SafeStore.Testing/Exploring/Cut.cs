using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using SafeStore.Testing.Disks;

namespace SafeStore.Testing;

/// <summary>A place in a run at which a crash makes a difference: the machine before a call that changes or syncs something.</summary>
/// <param name="Image">The machine as it was.</param>
/// <param name="Calls">How many calls of the trace had been made.</param>
/// <param name="Next">The call that was next, or what else.</param>
/// <param name="Write">What that call was to write, if it is a write.</param>
/// <param name="Progress">How far the run had come.</param>
internal sealed record Cut(MachineImage Image, int Calls, string Next, WriteInProgress? Write, Progress Progress);

/// <summary>How far a run has come.</summary>
/// <param name="Begun">How much has been begun.</param>
/// <param name="Acknowledged">How much has been acknowledged.</param>
/// <param name="Steps">How many steps of a script have been begun.</param>
internal readonly record struct Progress(int Begun, int Acknowledged, int Steps = 0);

/// <summary>Takes the cuts of a run while it runs.</summary>
internal sealed class CutRecorder
{
    private const int CallsBefore = 12;
    private const int CallsAfter = 3;

    private readonly SimulatedMachine _machine;
    private readonly Func<Progress> _progress;
    private readonly List<Cut> _cuts = [];

    public CutRecorder(SimulatedMachine machine, Func<Progress> progress)
    {
        _machine = machine;
        _progress = progress;
    }

    public IReadOnlyList<Cut> Cuts => _cuts;

    /// <summary>Begins the recording with the next call.</summary>
    public void Begin() => _machine.BeforeChange = (next, write) => Take($"{next}", write);

    /// <summary>Takes a cut, if the recording has begun, before something that is no call of a process.</summary>
    public void Mark(string next)
    {
        if (_machine.BeforeChange is not null)
        {
            Take(next, null);
        }
    }

    /// <summary>Ends the recording with the cut after the last call.</summary>
    public void End()
    {
        if (_machine.BeforeChange is not null)
        {
            Take("the end", null);
            _machine.BeforeChange = null;
        }
    }

    /// <summary>The calls around a cut, for people.</summary>
    public ImmutableArray<string> TraceAround(Cut cut)
    {
        int first = Math.Max(0, cut.Calls - CallsBefore);
        return
        [
            .. _machine.Trace.Skip(first).Take(cut.Calls - first).Select(static call => "  " + call),
            "> " + cut.Next,
            .. _machine.Trace.Skip(cut.Calls + 1).Take(CallsAfter).Select(static call => "  " + call),
        ];
    }

    private void Take(string next, WriteInProgress? write) =>
        _cuts.Add(new Cut(_machine.Capture(), _machine.Trace.Count, next, write, _progress()));
}
