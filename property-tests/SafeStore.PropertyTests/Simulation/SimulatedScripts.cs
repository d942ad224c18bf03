using System;
using System.Collections.Generic;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using SafeStore.FileSystem;
using SafeStore.PropertyTests.Store;
using SafeStore.Testing;

namespace SafeStore.PropertyTests.Simulation;

/// <summary>A machine, and what happens on it.</summary>
internal sealed record SimulatedScript(Setting Setting, ulong Seed, Act[] Acts)
{
    public override string ToString() => $"{Setting}, seed {Seed}:{Gens.Lines(Acts)}";
}

/// <summary>Generates scripts with troubles in their acts, and shrinks them: fewer acts, then fewer troubles, then simpler ones.</summary>
internal static class SimulatedScripts
{
    private static readonly string[] s_sandboxes = ["p", "q", "r"];

    private static readonly Operation[] s_changes = [.. Enum.GetValues<Operation>().Where(SimulatedCall.Changes)];

    private static readonly (string Name, Operation[] Operations)[] s_groups =
    [
        ("any call",
            [.. Enum.GetValues<Operation>()
            .Where(static operation => operation is not (Operation.Unlock or Operation.MapWords or Operation.SyncDirectory))]),
        ("any change", [.. s_changes.Where(static operation => operation != Operation.SyncDirectory)]),
        ("write", [Operation.Write]),
        ("creation", [Operation.CreateFile, Operation.MakeDirectory, Operation.Allocate]),
        ("rename", [Operation.Rename, Operation.RenameNoReplace, Operation.Exchange]),
        ("removal", [Operation.Unlink, Operation.RemoveDirectory]),
        ("opening", [Operation.OpenFile, Operation.OpenDirectory]),
        ("reading", [Operation.Read, Operation.Stat, Operation.List]),
    ];

    private static readonly (string Name, Operation[] Operations)[] s_syncs =
        [("sync", [Operation.SyncData, Operation.SyncFile]), ("directory sync", [Operation.SyncDirectory])];

    private static readonly Errno[] s_errors =
        [Errno.InputOutput, Errno.NoSpace, Errno.QuotaExceeded, Errno.ReadOnly, Errno.ProcessFileLimit, Errno.AccessDenied];

    public static Operation[] Changes => s_changes;

    public static Gen<Setting> Settings { get; } =
        from profile in Gen.Frequency(
            (3, Gen.Constant(PersistenceProfile.Strict)),
            (5, Gen.Elements(PersistenceProfile.Gates.Select(static profile => profile with { IsDirectorySyncReliable = true }).ToArray())))
        from run in profile.IsVolatile ? Gen.Constant(RunRoot.SameDisk) : Gen.Elements(RunRoot.SameDisk, RunRoot.OtherDisk, RunRoot.Tmpfs)
        from processes in Gen.Choose(2, 3)
        from logBytesMax in Gen.Elements(0L, 32 * 1024L, 16 * 1024 * 1024L)
        from idle in Gen.Elements(0, 1, 64)
        select new Setting(profile, run, processes, logBytesMax, idle);

    public static Gen<SimulatedScript> Any { get; } =
        from setting in Settings
        from seed in Seed
        from start in Steps
        from acts in Gen.Frequency((12, Acts.Select(static act => (Act[])[act])), (2, Scenes)).ArrayOf(1, 22)
        select new SimulatedScript(
            setting, seed, [new Act.Commit(0, [new Change("p", true, start)], true, null), .. acts.SelectMany(static each => each)]);

    /// <summary>Without faults: transactions, a crash, and recoveries that crash too.</summary>
    public static Gen<SimulatedScript> Crashes { get; } =
        from setting in Settings
        from seed in Seed
        from start in Steps
        from acts in Committing(Gen.Constant<Trouble?>(null)).ArrayOf(0, 8)
        from last in Committing(Gen.Frequency((2, KillAll), (1, Crash)).Select(static crash => (Trouble?)crash))
        from recoveries in Gen.Frequency((2, PowerLoss), (1, Crash)).Select(static crash => (Act)new Act.Reopen(0, true, crash))
            .ArrayOf(0, 3)
        select new SimulatedScript(
            setting, seed, [new Act.Commit(0, [new Change("p", true, start)], true, null), .. acts, last, .. recoveries]);

    public static Gen<ulong> Seed => Gens.Long.Select(static value => (ulong)value);

    private static Gen<int> Process => Gen.Choose(0, 2);

    private static Gen<string> Sandbox => Gen.Elements(s_sandboxes);

    /// <summary>Steps that a new sandbox can take.</summary>
    private static Gen<Step[]> Steps =>
        from changes in Scripts.Changes
        select (Step[])[new Step.CreateContainer("a"),
            .. changes.Steps.Where(static step => step is Step.Put { Container: null or "a", File: "s.json" })];

    private static Gen<int> SkipShort => Gen.Frequency((6, Gen.Choose(0, 15)), (2, Gen.Choose(0, 60)));

    private static Gen<int> SkipLong => Gen.Frequency((3, Gen.Choose(0, 15)), (4, Gen.Choose(0, 80)), (1, Gen.Choose(0, 300)));

    private static Gen<Trouble> KillAll =>
        SkipShort.Select(static skip => (Trouble)new Trouble.Killed(skip, Afterwards: false, Everybody: true));

    private static Gen<Trouble> PowerLoss =>
        from skip in SkipShort
        from afterwards in Gen.Elements(false, true)
        from seed in Seed
        select (Trouble)new Trouble.PowerLost(skip, afterwards, seed);

    private static Gen<Trouble> Crash => Gen.OneOf(
        from skip in SkipShort
        from afterwards in Gen.Elements(false, true)
        from everybody in Gen.Elements(false, true)
        select (Trouble)new Trouble.Killed(skip, afterwards, everybody),
        PowerLoss);

    private static Gen<Trouble> Failing =>
        from skip in SkipLong
        from times in Gen.Frequency((8, Gen.Constant(1)), (1, Gen.Constant(2)), (1, Gen.Constant(int.MaxValue)))
        from which in Gen.Elements(s_groups)
        from errno in Gen.Elements(s_errors)
        select (Trouble)new Trouble.Fails(
            skip, times, which.Name, times == 1 ? which.Operations : WithoutSyncs(which.Operations), new CallFails(errno));

    private static Gen<Trouble> FailingSync =>
        from skip in Gen.Choose(0, 12)
        from errno in Gen.Elements(Errno.InputOutput, Errno.NoSpace)
        from lost in Gen.Elements(Enum.GetValues<LostSync>())
        from which in Gen.Frequency((3, Gen.Constant(s_syncs[0])), (1, Gen.Constant(s_syncs[1])))
        select (Trouble)new Trouble.Fails(skip, 1, which.Name, which.Operations, new SyncLosesData(errno, lost));

    private static Gen<Trouble> OtherFaults => Gen.OneOf(
        from skip in Gen.Choose(0, 12)
        from bytes in Gen.Choose(0, 200)
        from times in Gen.Elements(1, 1, 3)
        select (Trouble)new Trouble.Fails(skip, times, "write", [Operation.Write], new ShortTransfer(bytes)),
        from skip in Gen.Choose(0, 8)
        select (Trouble)new Trouble.Fails(
            skip, 1, "rename", [Operation.Rename, Operation.RenameNoReplace, Operation.Exchange], new CallDoneButFails(Errno.InputOutput)),
        from skip in Gen.Choose(0, 60)
        select (Trouble)new Trouble.Fails(skip, 1, "any change", s_changes, new BecomesReadOnly()));

    private static Gen<Trouble?> Troubles => Gen.Frequency(
        (10, Gen.Constant<Trouble?>(null)),
        (5, Crash.Select(static trouble => (Trouble?)trouble)),
        (4, Failing.Select(static trouble => (Trouble?)trouble)),
        (2, FailingSync.Select(static trouble => (Trouble?)trouble)),
        (2, OtherFaults.Select(static trouble => (Trouble?)trouble)));

    private static Gen<Act> Acts => Gen.Frequency(
        (24, Committing(Troubles)),
        (4, from process in Process
            from sandbox in Sandbox
            from shared in Gen.Elements(false, true)
            from trouble in Troubles
            select (
        Act)new Act.Look(process, sandbox, shared, trouble)),
        (3, from process in Process from trouble in Troubles select (Act)new Act.Checkpoint(process, trouble)),
        (2, from process in Process
            from seconds in Gen.Elements(1, 40)
            from trouble in Troubles
            select (Act)new Act.Wait(
        process, seconds, trouble)),
        (3, from process in Process
            from all in Gen.Elements(false, true)
            from trouble in Troubles
            select (Act)new Act.Reopen(
        process, all, trouble)),
        (1, Process.Select(static process => (Act)new Act.Kill(process))),
        (1, Gen.Constant<Act>(new Act.KillAll())),
        (2, Seed.Select(static seed => (Act)new Act.LosePower(seed))));

    /// <summary>What alone would seldom come together.</summary>
    private static Gen<Act[]> Scenes => Gen.OneOf(
        from commit in Committing(SkipShort.Select(static skip => (Trouble?)new Trouble.Killed(skip, Afterwards: false, Everybody: false)))
        from seed in Seed
        select (Act[])
        [
            commit, // its record is in the log, perhaps not durable
            new Act.Look(commit.Process + 1, ((Act.Commit)commit).Changes[0].Sandbox, false, null), // and is published nevertheless
            new Act.LosePower(seed),
        ],
        from sandbox in Sandbox
        from step in Gen.Elements<Step>(new Step.RemoveSandbox(), new Step.RemoveContainer("a"))
        from trouble in Troubles
        from seed in Seed
        select (Act[])
        [
            new Act.Commit(0, [new Change(sandbox, false, [step])], true, null),
            new Act.Checkpoint(1, trouble),
            new Act.LosePower(seed),
        ]);

    public static IEnumerable<SimulatedScript> Shrink(SimulatedScript script)
    {
        foreach (Act[] fewer in Laws.DropChunks(script.Acts))
        {
            yield return script with { Acts = fewer };
        }

        for (int i = 0; i < script.Acts.Length; i++)
        {
            foreach (Act simpler in Shrink(script.Acts[i]))
            {
                yield return script with { Acts = [.. script.Acts[..i], simpler, .. script.Acts[(i + 1)..]] };
            }
        }

        if (script.Setting.Processes > 2)
        {
            yield return script with { Setting = script.Setting with { Processes = script.Setting.Processes - 1 } };
        }

        if (script.Setting.Run != RunRoot.SameDisk)
        {
            yield return script with { Setting = script.Setting with { Run = RunRoot.SameDisk } };
        }

        if (script.Setting.LogBytesMax < 16 * 1024 * 1024)
        {
            yield return script with { Setting = script.Setting with { LogBytesMax = 16 * 1024 * 1024 } };
        }
    }

    /// <summary>A process that sees a sync fail and cannot even mark the store as faulted is known to be one too many.</summary>
    private static Operation[] WithoutSyncs(Operation[] operations) =>
        [.. operations.Where(static operation => operation is not (Operation.SyncData or Operation.SyncFile))];

    private static Gen<Act> Committing(Gen<Trouble?> troubles) =>
        from process in Process
        from changes in Gen.Frequency((4, Scripts.Changes.ArrayOf(1, 1)), (1, Scripts.Changes.ArrayOf(2, 3)))
        from fits in Gen.Frequency((4, Gen.Constant(true)), (1, Gen.Constant(false)))
        from trouble in troubles
        select (Act)new Act.Commit(
            process, [.. changes.DistinctBy(static change => change.Sandbox).OrderBy(static change => change.Sandbox)], fits, trouble);

    private static IEnumerable<Act> Shrink(Act act)
    {
        if (act.Trouble is { } trouble)
        {
            yield return act with { Trouble = null };
            foreach (int skip in new[] { 0, trouble.Skip / 2, trouble.Skip - 1 }.Where(skip => skip >= 0 && skip < trouble.Skip).Distinct())
            {
                yield return act with { Trouble = trouble with { Skip = skip } };
            }
        }

        if (act is Act.Commit commit)
        {
            foreach (Change[] simpler in Scripts.Shrink(commit.Changes))
            {
                yield return commit with { Changes = simpler };
            }
        }

        if (act.Process > 0)
        {
            yield return act with { Process = act.Process - 1 };
        }
    }
}
