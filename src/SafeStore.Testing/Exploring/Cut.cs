using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using SafeStore.Testing.Disks;

namespace SafeStore.Testing;

/// <summary>A place in a run at which a crash makes a difference: the disks before a call that changes or syncs something.</summary>
/// <param name="Disks">The disks as they were.</param>
/// <param name="Calls">How many calls of the trace had been made.</param>
/// <param name="Next">The call that was next; null at the end of the run.</param>
/// <param name="Write">What that call was to write, if it is a write.</param>
/// <param name="Begun">How much had been begun.</param>
/// <param name="Acknowledged">How much had been acknowledged.</param>
internal sealed record Cut(ImmutableArray<Disk> Disks, int Calls, SimulatedCall? Next, WriteInProgress? Write, int Begun, int Acknowledged);

/// <summary>Takes the cuts of a run while it runs.</summary>
internal sealed class CutRecorder
{
    private const int CallsBefore = 12;
    private const int CallsAfter = 3;

    private readonly SimulatedMachine _machine;
    private readonly Func<(int Begun, int Acknowledged)> _progress;
    private readonly List<Cut> _cuts = [];

    public CutRecorder(SimulatedMachine machine, Func<(int Begun, int Acknowledged)> progress)
    {
        _machine = machine;
        _progress = progress;
        machine.BeforeChange = Take;
    }

    public IReadOnlyList<Cut> Cuts => _cuts;

    /// <summary>Ends the recording with the cut after the last call.</summary>
    public void End()
    {
        if (_machine.BeforeChange is not null)
        {
            Take(null, null);
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
            cut.Next is { } next ? "> " + next : "> the end",
            .. _machine.Trace.Skip(cut.Calls + 1).Take(CallsAfter).Select(static call => "  " + call),
        ];
    }

    private void Take(SimulatedCall? next, WriteInProgress? write)
    {
        (int begun, int acknowledged) = _progress();
        _cuts.Add(new Cut([.. _machine.Mounts.Disks.Select(static disk => disk.Clone())], _machine.Trace.Count, next, write, begun, acknowledged));
    }
}
