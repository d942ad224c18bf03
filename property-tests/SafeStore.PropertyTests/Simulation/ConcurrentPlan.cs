using System.Collections.Generic;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;

namespace SafeStore.PropertyTests.Simulation;

/// <summary>What a process does in a concurrent run.</summary>
internal enum Doing
{
    /// <summary>Locks a sandbox, reads its number and commits the next one.</summary>
    Increment,

    /// <summary>The same in two sandboxes with one transaction.</summary>
    IncrementBoth,

    /// <summary>Reads a number without a lock.</summary>
    Read,

    /// <summary>Reads all of a sandbox under its shared lock, twice.</summary>
    Snapshot,

    /// <summary>Creates a sandbox, or removes it if it exists.</summary>
    Toggle,

    Checkpoint,
}

/// <summary>Several processes, what each does, in which order their calls come, and what ends one or all of them.</summary>
internal sealed record ConcurrentPlan(Setting Setting, ulong Order, (Doing Doing, int Sandbox)[][] Flows, Trouble? Trouble)
{
    public static Gen<ConcurrentPlan> Any(Gen<Trouble?> troubles) =>
        from setting in SimulatedScripts.Settings
        from order in SimulatedScripts.Seed
        from flows in Gen.Elements(
            Doing.Increment, Doing.Increment, Doing.Increment, Doing.IncrementBoth, Doing.Read, Doing.Read, Doing.Snapshot, Doing.Toggle,
            Doing.Checkpoint)
            .Zip(Gen.Choose(0, 1), static (doing, sandbox) => (doing, sandbox)).ArrayOf(1, 5).ArrayOf(2, 3)
        from trouble in troubles
        select new ConcurrentPlan(setting, order, flows, trouble);

    public static IEnumerable<ConcurrentPlan> Shrink(ConcurrentPlan plan)
    {
        for (int i = 0; i < plan.Flows.Length; i++)
        {
            if (plan.Flows.Length > 2)
            {
                yield return plan with { Flows = [.. plan.Flows[..i], .. plan.Flows[(i + 1)..]] };
            }

            foreach ((Doing Doing, int Sandbox)[] fewer in Laws.DropChunks(plan.Flows[i]))
            {
                yield return plan with { Flows = [.. plan.Flows[..i], fewer, .. plan.Flows[(i + 1)..]] };
            }
        }

        if (plan.Trouble is { } trouble)
        {
            yield return plan with { Trouble = null };
            if (trouble.Skip > 0)
            {
                yield return plan with { Trouble = trouble with { Skip = trouble.Skip / 2 } };
                yield return plan with { Trouble = trouble with { Skip = trouble.Skip - 1 } };
            }
        }

        if (plan.Setting.Run != RunRoot.SameDisk)
        {
            yield return plan with { Setting = plan.Setting with { Run = RunRoot.SameDisk } };
        }
    }

    public override string ToString() =>
        $"{Setting}, order {Order}, "
            + $"{Trouble?.ToString() ?? "no trouble"}:"
            + string.Concat(Flows.Select(static (flow, i) =>
                $"\n  p{i}: {string.Join(", ", flow.Select(static each => $"{each.Doing} {each.Sandbox}"))}"));
}
