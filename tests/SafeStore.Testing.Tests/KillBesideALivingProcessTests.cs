using System;
using System.Collections.Immutable;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Testing.Stores;
using Xunit;

namespace SafeStore.Testing.Tests;

/// <summary>
/// One process is killed at each of its calls while another has the store open: no recovery runs, the living process resolves the sandbox when it locks it. Then the power
/// goes in the middle of that, or after it.
/// </summary>
public sealed class KillBesideALivingProcessTests(ITestOutputHelper output)
{
    private const int Losses = 4;

    private static readonly ImmutableArray<SandboxEdit> s_before =
    [
        new SandboxEdit("p", [Put(StoreRoot.Config, null, "config.json", 1), Put(StoreRoot.Run, null, "state.json", 2), new Edit.CreateContainer("a"), Put(StoreRoot.Run, "a", "state.json", 3)]),
    ];

    public static TheoryData<string> Transactions() => ["update", "create", "remove"];

    [Theory]
    [MemberData(nameof(Transactions))]
    public async Task A_transaction_killed_at_any_call_is_resolved_by_the_living_process_and_survives_the_power_after_that(string kind)
    {
        SandboxEdit edit = kind switch
        {
            "update" => new SandboxEdit("p", [Put(StoreRoot.Config, null, "config.json", 4, 2000), new Edit.Delete(StoreRoot.Run, null, "state.json"), new Edit.CreateContainer("b"), Put(StoreRoot.Run, "b", "state.json", 5), new Edit.RemoveContainer("a")]),
            "create" => new SandboxEdit("q", [Put(StoreRoot.Config, null, "config.json", 6), new Edit.CreateContainer("a"), Put(StoreRoot.Run, "a", "state.json", 7)]),
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
            Assert.True(seen == acknowledged || seen == begun, $"after {call} calls: {seen}\n{string.Join('\n', machine.Trace.TakeLast(40))}");
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

    private static Edit.Put Put(StoreRoot root, string? container, string file, int value, int padding = 0) => new(root, container, file, value, padding);

    private sealed record Resolution(bool IsForward, long Calls);
}
