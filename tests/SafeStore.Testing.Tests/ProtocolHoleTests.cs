using System;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Testing.Stores;
using Xunit;

namespace SafeStore.Testing.Tests;

/// <summary>
/// Holes of the protocol that the explorer has found, as plain tests (docs/commit-protocol.md, "Mended since the first version").
/// </summary>
public sealed class ProtocolHoleTests
{
    [Fact]
    public async Task A_record_that_its_dead_writer_had_not_synced_is_durable_before_recovery_applies_a_part_of_it()
    {
        StoreWorkload workload = StoreWorkload.On(PersistenceProfile.Strict);
        (SimulatedMachine machine, CrashRun run) = await DieBeforeSyncAsync(workload);

        for (long call = 1; await LosePowerInRecoveryAsync(workload, machine, run, call); call++)
        {
        }
    }

    [Fact]
    public async Task A_record_whose_sync_fails_in_a_recovery_is_written_anew_by_the_next_one()
    {
        StoreWorkload workload = StoreWorkload.On(PersistenceProfile.Strict);
        (SimulatedMachine machine, CrashRun run) = await DieBeforeSyncAsync(workload);
        machine.Faults = FaultPlan.Fail(Operation.SyncFile, "/store/config/.safestore/log/0000*.log", Errno.InputOutput);
        await Assert.ThrowsAsync<StorageException>(async () => await workload.Invariants.OpenAsync(machine.Start()));
        machine.KillAll();

        for (long call = 1; await LosePowerInRecoveryAsync(workload, machine, run, call); call++)
        {
        }
    }

    [Fact]
    public async Task A_recovery_after_one_in_which_any_sync_has_failed_loses_nothing()
    {
        StoreWorkload workload = StoreWorkload.On(PersistenceProfile.Strict);
        (SimulatedMachine dead, CrashRun run) = await DieBeforeSyncAsync(workload);
        for (int sync = 0; await FailSyncAsync(workload, dead, sync) is { } machine; sync++)
        {
            for (long call = 1; await LosePowerInRecoveryAsync(workload, machine, run, call); call++)
            {
            }
        }
    }

    [Fact]
    public async Task A_lock_word_that_a_recovery_has_written_in_part_does_not_uncover_an_older_one()
    {
        var invariants = new StoreInvariants(StoreLayout.At("/store"));
        var machine = new SimulatedMachine();
        var run = new CrashRun(machine);
        StateStore store = await invariants.OpenAsync(run.Process);
        var commit = new StoreStep.Commit([new SandboxEdit("p", [new Edit.Put(StoreRoot.Run, null, "state.json", 1, 0)])]);
        StoreModel model = await StoreWorkload.CommitAsync(store, StoreModel.Empty, commit, run);
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        Lsn before = new(model.Sandboxes["p"].Version);
        machine.Faults =
            new FaultPlan()
            .Add(new FaultRule
            {
                Operations = [Operation.Exchange],
                Path = "/store/run/.safestore/scratch/*",
                Fault = new ProcessKilled()
            });
        // it is dead, after its sync
        await Assert.ThrowsAnyAsync<Exception>(async () => await StoreWorkload.CommitAsync(store, model, commit, run));

        machine.Faults =
            new FaultPlan()
            .Add(new FaultRule { Operations = [Operation.Write], Path = "/store/run/p/lock", Fault = new ShortTransfer(24) });
        await invariants.OpenAsync(machine.Start()); // what its word cannot tell is parked
        machine.KillAll();
        await invariants.OpenAsync(machine.Start());
        machine.LosePower(keepsUnsynced: false);

        StateStore again = await invariants.OpenAsync(machine.Start());
        await using SandboxLock held =
            await again.LockAsync("p", LockMode.Shared, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(held.Version > before);
    }

    [Fact]
    public async Task A_temp_file_of_a_watermark_that_was_being_written_is_swept_by_the_next_recovery()
    {
        var invariants = new StoreInvariants(StoreLayout.At("/store"));
        var machine =
            new SimulatedMachine
            {
                Faults = new FaultPlan()
            .Add(new FaultRule { Operations = [Operation.Rename], Path = "/store/config/.safestore/.ss-*", Fault = new ProcessKilled() })
            };
        await Assert.ThrowsAsync<SimulatedCrashException>(async () => await invariants.OpenAsync(machine.Start()));

        await invariants.RecoverAsync(new CrashState(machine, [], [], hasLostPower: false));
    }

    /// <summary>A transaction over both roots whose record stands in the cache only: its writer was killed before its sync.</summary>
    private static async Task<(SimulatedMachine Machine, CrashRun Run)> DieBeforeSyncAsync(StoreWorkload workload)
    {
        var machine = new SimulatedMachine();
        var run = new CrashRun(machine);
        StateStore store = await workload.Invariants.OpenAsync(run.Process);
        machine.Faults =
            new FaultPlan().Add(new FaultRule { Operations = [Operation.SyncData], Path = "*.log", Fault = new ProcessKilled() });
        var edit = new SandboxEdit("p", [
            new Edit.CreateContainer("a"), new Edit.Put(StoreRoot.Config, "a", "config.json", 1, 0),
                new Edit.Put(StoreRoot.Run, null, "state.json", 2, 0)]);
        await Assert.ThrowsAsync<SimulatedCrashException>(
            async () => await StoreWorkload.CommitAsync(store, StoreModel.Empty, new StoreStep.Commit([edit]), run));
        return (machine, run);
    }

    /// <summary>What a recovery leaves of which one sync has failed; null when it has fewer.</summary>
    private static async Task<SimulatedMachine?> FailSyncAsync(StoreWorkload workload, SimulatedMachine machine, int sync)
    {
        SimulatedMachine copy = Copy(machine, new FaultPlan().Add(new FaultRule
        {
            Operations = [Operation.SyncFile, Operation.SyncData, Operation.SyncDirectory],
            Skip = sync,
            Fault = new CallFails(Errno.InputOutput),
        }));
        _ = await Record.ExceptionAsync(async () => await workload.Invariants.OpenAsync(copy.Start()));
        copy.KillAll();
        return copy.Faults.Count == 0 ? null : copy;
    }

    private static SimulatedMachine Copy(SimulatedMachine machine, FaultPlan faults) =>
        new(machine.Options, machine.Capture()) { Faults = faults };

    /// <summary>False when the recovery has fewer calls.</summary>
    private static async Task<bool> LosePowerInRecoveryAsync(StoreWorkload workload, SimulatedMachine machine, CrashRun run, long call)
    {
        bool isReached = false;
        for (ulong seed = 0; seed < 4; seed++)
        {
            SimulatedMachine copy = Copy(machine, FaultPlan.At(call, new PowerLost(seed)));
            try
            {
                await workload.Invariants.OpenAsync(copy.Start());
            }
            catch (SimulatedCrashException)
            {
                isReached = true;
            }

            copy.Faults = new FaultPlan();
            await workload.CheckAsync(new CrashState(copy, run.Begun, run.Acknowledged, hasLostPower: true));
        }

        return isReached;
    }
}
