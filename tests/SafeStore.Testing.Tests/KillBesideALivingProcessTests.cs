using System;
using System.Collections.Immutable;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Testing.Stores;
using Xunit;

namespace SafeStore.Testing.Tests;

/// <summary>
/// One process is killed at each of its calls while another has the store open: no recovery runs, the living process resolves the sandbox
/// when it locks it. Then the power goes in the middle of that, or after it.
/// </summary>
public sealed class KillBesideALivingProcessTests(ITestOutputHelper output)
{
    private const int Losses = 4;

    private static readonly ImmutableArray<SandboxEdit> s_before =
    [
        new SandboxEdit(
            "p", [Put(StoreRoot.Config, null, "config.json", 1), Put(StoreRoot.Run, null, "state.json", 2), new Edit.CreateContainer("a"),
            Put(StoreRoot.Run, "a", "state.json", 3)]),
    ];

    public static TheoryData<string> Transactions() => ["update", "create", "remove"];

    [Theory]
    [MemberData(nameof(Transactions))]
    public async Task A_transaction_killed_at_any_call_is_resolved_by_the_living_process_and_survives_the_power_after_that(string kind)
    {
        SandboxEdit edit = kind switch
        {
            "update" => new SandboxEdit(
                "p", [Put(StoreRoot.Config, null, "config.json", 4, 2000), new Edit.Delete(StoreRoot.Run, null, "state.json"),
                new Edit.CreateContainer("b"), Put(StoreRoot.Run, "b", "state.json", 5), new Edit.RemoveContainer("a")]),
            "create" => new SandboxEdit(
            "q", [Put(StoreRoot.Config, null, "config.json", 6), new Edit.CreateContainer("a"), Put(StoreRoot.Run, "a", "state.json", 7)]),
            _ => new SandboxEdit("p", [new Edit.RemoveSandbox()]),
        };
        int killed = 0;
        int forward = 0;
        int states = 0;
        for (long call = 1; await KillAndResolveAsync(edit, call, null, 0) is { } resolved; call++)
        {
            killed++;
            forward += resolved.IsForward ? 1 : 0;
            for (ulong loss = 0; loss < Losses; loss++)
            {
                await KillAndResolveAsync(edit, call, long.MaxValue, loss); // after the resolution
                states++;
            }

            for (long within = 1; within <= resolved.Calls; within++)
            {
                await KillAndResolveAsync(edit, call, within, (ulong)(within % Losses)); // in the middle of it
                states++;
            }
        }

        output.WriteLine($"{kind}: {killed} kills, {forward} rolled forward, {states} power losses");
        Assert.True(forward > 0 && forward < killed);
    }

    [Fact]
    public async Task A_creation_killed_at_any_call_is_finished_by_the_next_creation_or_makes_room_for_it_and_that_survives_the_power()
    {
        int finished = 0;
        int replaced = 0;
        for (long call = 1; await KillAndCreateAsync(call, null) is { } isFinished; call++)
        {
            (finished, replaced) = isFinished ? (finished + 1, replaced) : (finished, replaced + 1);
            for (ulong loss = 0; loss < Losses; loss++)
            {
                await KillAndCreateAsync(call, loss);
            }
        }

        output.WriteLine($"{finished} finished, {replaced} replaced");
        Assert.True(finished > 0 && replaced > 0);
    }

    /// <summary>
    /// Whether the second creation found the first, finished; null when the first has got through without reaching the call.
    /// </summary>
    private static async Task<bool?> KillAndCreateAsync(long call, ulong? loss)
    {
        var machine = new SimulatedMachine(new SimulatedMachineOptions { KeepsTrace = true });
        StoreWorkload workload = StoreWorkload.On(PersistenceProfile.Strict);
        SimulatedProcess victim = machine.Start("victim");
        StateStore dying = await workload.Invariants.OpenAsync(victim);
        StateStore store = await workload.Invariants.OpenAsync(machine.Start("living"));
        var run = new CrashRun(machine);
        run.Begin(StoreModel.Empty);
        run.Acknowledge(StoreModel.Empty);
        long start = machine.Calls;
        machine.Faults = FaultPlan.At(start + call, new ProcessKilled());
        try
        {
            await StoreWorkload.CommitAsync(dying, StoreModel.Empty, Creation(1), run);
            return null;
        }
        catch (Exception failure) when (!victim.IsAlive && failure is SimulatedCrashException or CommitNotPublishedException)
        {
            // What a dead process says nobody hears.
        }

        bool isFinished = false;
        bool isAppended =
            machine.Trace.Any(
            made => made.Number > start && made.Operation == Operation.Write && made.Path.Contains("/log/", StringComparison.Ordinal)
            && made.Result == Errno.None);
        machine.Faults = new FaultPlan();
        try
        {
            await StoreWorkload.CommitAsync(store, StoreModel.Empty, Creation(2), run);
        }
        catch (AlreadyExistsException)
        {
            isFinished = true;
            await LockAsync(store, "q"); // resolved, if it had appeared in part
            StoreModel first = Assert.IsType<StoreModel>(run.Begun[1]);
            Assert.Equal(first.Describe(withRun: true), StoreWorkload.Describe(store));
            run = new CrashRun(machine);
            run.Begin(first);
            run.Acknowledge(first);
        }

        Assert.True(isFinished == isAppended,
            $"after {call} calls: "
            + $"{(isAppended ? "its record was in the log" : "it had no record")}\n{string.Join('\n', machine.Trace.TakeLast(40))}");
        if (loss is { } lost)
        {
            machine.LosePower(lost);
            await workload.CheckAsync(new CrashState(machine, run.Begun, run.Acknowledged, hasLostPower: true));
        }

        return isFinished;
    }

    /// <summary>A creation whose documents differ from another's, also in their names.</summary>
    private static StoreStep.Commit Creation(int number) => new(
    [
        new SandboxEdit(
            "q", [Put(StoreRoot.Config, null, $"config-{number}.json", number), new Edit.CreateContainer($"c-{number}"),
            Put(StoreRoot.Run, $"c-{number}", "state.json", number)]),
    ]);

    /// <summary>Null when the transaction has got through without reaching the call.</summary>
    private static async Task<Resolution?> KillAndResolveAsync(SandboxEdit edit, long call, long? lossAt, ulong loss)
    {
        var machine = new SimulatedMachine(new SimulatedMachineOptions { KeepsTrace = true });
        StoreWorkload workload = StoreWorkload.On(PersistenceProfile.Strict);
        SimulatedProcess victim = machine.Start("victim");
        SimulatedProcess living = machine.Start("living");
        StateStore dying = await workload.Invariants.OpenAsync(victim);
        StoreModel before = await StoreWorkload.CommitAsync(dying, StoreModel.Empty, new StoreStep.Commit(s_before), new CrashRun(machine));
        StateStore store = await workload.Invariants.OpenAsync(living);
        var run = new CrashRun(machine);
        run.Begin(before);
        run.Acknowledge(before);
        machine.Faults = FaultPlan.At(machine.Calls + call, new ProcessKilled());
        try
        {
            await StoreWorkload.CommitAsync(dying, before, new StoreStep.Commit([edit]), run);
            return null;
        }
        catch (Exception failure) when (!victim.IsAlive && failure is SimulatedCrashException or CommitNotPublishedException)
        {
            // As it should be: what a dead process says nobody hears.
        }

        string acknowledged = before.Describe(withRun: true);
        string begun = run.Begun.Count > 1 ? ((StoreModel)run.Begun[^1]).Describe(withRun: true) : acknowledged;
        long start = machine.Calls;
        machine.Faults = lossAt is { } at && at != long.MaxValue ? FaultPlan.At(start + at, new PowerLost(loss)) : new FaultPlan();
        string? seen = null;
        try
        {
            await LockAsync(store, "p");
            await LockAsync(store, "q");
            seen = StoreWorkload.Describe(store);
            Assert.True(seen == acknowledged
                || seen == begun, $"after {call} calls: {seen}\n{string.Join('\n', machine.Trace.TakeLast(40))}");
        }
        catch (SimulatedCrashException)
        {
            // The power went.
        }

        long calls = machine.Calls - start;
        machine.Faults = new FaultPlan();
        if (lossAt is not null)
        {
            if (seen == begun && run.Begun.Count > run.Acknowledged.Count)
            {
                run.Acknowledge(run.Begun[^1]); // somebody has seen it
            }

            if (machine.Processes.Count > 0)
            {
                machine.LosePower(loss);
            }

            await workload.CheckAsync(new CrashState(machine, run.Begun, run.Acknowledged, hasLostPower: true));
        }

        return new Resolution(seen == begun && begun != acknowledged, calls);
    }

    private static async Task LockAsync(StateStore store, string sandbox)
    {
        try
        {
            SandboxLock held = await store.LockAsync(sandbox, cancellationToken: TestContext.Current.CancellationToken);
            await held.DisposeAsync();
        }
        catch (NotFoundException)
        {
            // Not created, or removed.
        }
    }

    private static Edit.Put Put(StoreRoot root, string? container, string file, int value, int padding = 0) =>
        new(root, container, file, value, padding);

    private sealed record Resolution(bool IsForward, long Calls);
}
