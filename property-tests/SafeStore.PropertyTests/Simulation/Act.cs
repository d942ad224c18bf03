using System.Linq;
using SafeStore.PropertyTests.Store;
using SafeStore.Testing;

namespace SafeStore.PropertyTests.Simulation;

/// <summary>One step of a script on a simulated machine, with what goes wrong in it.</summary>
internal abstract record Act(int Process, Trouble? Trouble)
{
    /// <summary>A transaction over one or several sandboxes. One that is made to fit leaves out what would be refused.</summary>
    public sealed record Commit(int Process, Change[] Changes, bool IsMadeToFit, Trouble? Trouble) : Act(Process, Trouble)
    {
        public override string ToString() =>
            $"{Name}: commit{(IsMadeToFit ? " what fits of" : "")} "
            + $"{string.Join(" & ", Changes.Select(static change => change.ToString()))}{Suffix}";
    }

    /// <summary>A sandbox is locked, the others try to lock it, then it is read under its lock.</summary>
    public sealed record Look(int Process, string Sandbox, bool IsShared, Trouble? Trouble) : Act(Process, Trouble)
    {
        public override string ToString() => $"{Name}: look at {Sandbox}, {(IsShared ? "shared" : "exclusive")}{Suffix}";
    }

    public sealed record Checkpoint(int Process, Trouble? Trouble) : Act(Process, Trouble)
    {
        public override string ToString() => $"{Name}: checkpoint{Suffix}";
    }

    /// <summary>Time passes: the background work of all processes is done.</summary>
    public sealed record Wait(int Process, int Seconds, Trouble? Trouble) : Act(Process, Trouble)
    {
        public override string ToString() => $"{Seconds} seconds pass{Suffix}";
    }

    /// <summary>Closes the store and opens it again; all processes do so if <paramref name="All"/>, which means recovery.</summary>
    public sealed record Reopen(int Process, bool All, Trouble? Trouble) : Act(Process, Trouble)
    {
        public override string ToString() => $"{(All ? "all, " : "")}{Name}{(All ? " first" : "")}: reopen{Suffix}";
    }

    public sealed record Kill(int Process) : Act(Process, null)
    {
        public override string ToString() => $"kill {Name}";
    }

    public sealed record KillAll() : Act(0, null)
    {
        public override string ToString() => "kill all";
    }

    public sealed record LosePower(ulong Seed) : Act(0, null)
    {
        public override string ToString() => $"lose power (seed {Seed})";
    }

    protected string Name => $"p{Process}";

    protected string Suffix => Trouble is null ? "" : $" -- {Trouble}";
}

/// <summary>What goes wrong in an act, at a call of its process.</summary>
internal abstract record Trouble(int Skip)
{
    /// <summary>The process is killed at a call that changes something, or all are.</summary>
    public sealed record Killed(int Skip, bool Afterwards, bool Everybody) : Trouble(Skip)
    {
        public override string ToString() => $"kill{(Everybody ? " all" : "")} {(Afterwards ? "after" : "before")} change {Skip + 1}";
    }

    public sealed record PowerLost(int Skip, bool Afterwards, ulong Seed) : Trouble(Skip)
    {
        public override string ToString() => $"power lost {(Afterwards ? "after" : "before")} change {Skip + 1} (seed {Seed})";
    }

    /// <summary>Calls of some kinds fail, or transfer less.</summary>
    public sealed record Fails(int Skip, int Times, string Which, Operation[] Operations, SimulatedFault Fault) : Trouble(Skip)
    {
        public override string ToString() => $"{Fault} at {Which} {Skip + 1}{(Times > 1 ? $" and {Times - 1} more" : "")}";
    }
}
