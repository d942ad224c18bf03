using System;
using System.Text;
using SafeStore.FileSystem;
using SafeStore.PropertyTests.Store;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.PropertyTests.Simulation;

/// <summary>What scripts on machines have found, each as a test of its own.</summary>
public sealed class FoundOnMachines
{
    private static readonly Setting s_setting = new(PersistenceProfile.Strict, RunRoot.SameDisk, 2, 0, 1);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void An_opening_that_fails_leaves_no_handle_open(int scratchesLeft)
    {
        for (int call = 0; ; call++)
        {
            SimulatedMachine machine = s_setting.SwitchOn(1);
            for (int i = 0; i < scratchesLeft; i++)
            {
                s_setting.Open(machine.Start($"dead{i}"));
            }

            machine.KillAll();
            SimulatedProcess process = machine.Start("opener");
            machine.Faults = new FaultPlan().Add(new FaultRule { Skip = call, Fault = new CallFails(Errno.AccessDenied) });
            try
            {
                StateStore store = s_setting.Open(process);
                if (machine.Faults.Count == 0)
                {
                    Assert.True(call > 50);
                    return;
                }

                store.DisposeAsync().Now();
            }
            catch (SafeStoreException)
            {
                // As it should be.
            }

            Assert.True(process.Handles.Count == 0, $"call {call + 1}: {string.Join(", ", process.Handles)}");
        }
    }

    [Fact]
    public void The_version_of_a_sandbox_does_not_go_back_when_the_power_is_lost_before_and_after_a_recovery()
    {
        SimulatedMachine machine = s_setting.SwitchOn(1);
        StateStore store = s_setting.Open(machine.Start());
        Lsn created = Put(store.LockNewAsync("p").Now(), 1);
        _ = store.CheckpointAsync().Now(); // the lock word that says so is durable
        Lsn changed = Put(store.LockAsync("p").Now(), 2);

        machine.LosePower(keepsUnsynced: false);
        store = s_setting.Open(machine.Start());
        Assert.True(changed > created);
        Assert.Equal(changed, store.SnapshotAsync("p").Now().Version);
        machine.LosePower(keepsUnsynced: false);

        Assert.Equal(changed, s_setting.Open(machine.Start()).SnapshotAsync("p").Now().Version);
    }

    [Fact]
    public void A_lock_word_that_a_recovery_has_settled_says_so_after_a_power_loss()
    {
        SimulatedMachine machine = s_setting.SwitchOn(1);
        StateStore store = s_setting.Open(machine.Start("dies"));
        _ = Put(store.LockNewAsync("p").Now(), 1);
        machine.Faults =
            new FaultPlan().Add(new FaultRule { Operations = [Operation.SyncData], Path = "*.log", Fault = new ProcessKilled() });
        _ = Assert.ThrowsAny<Exception>(() => Put(store.LockAsync("p").Now(), 2));
        machine.Sync(); // the kernel writes back: "committing" is on the disk

        s_setting.Open(machine.Start()).DisposeAsync().Now();
        machine.LosePower(keepsUnsynced: false);

        StateStore again = s_setting.Open(machine.Start());
        again.LockAsync("p").Now().DisposeAsync().Now();
        Assert.Equal(0, again.Statistics.RolledBack); // nobody found "committing"
    }

    /// <summary>Such a transaction may be refused for its container before anybody looks whether the sandbox exists.</summary>
    [Fact]
    public void A_new_sandbox_that_a_killed_process_has_made_durable_is_not_overwritten_by_a_transaction_that_is_wrong_in_itself()
    {
        var tally = new Tally();
        for (int calls = 0; calls < 40; calls++)
        {
            var interpreter = new SimulatedInterpreter(
                new SimulatedScript(
                    s_setting with { IdleSandboxesMax = 64, LogBytesMax = 16 * 1024 * 1024 },
                    1,
                    [
                        new Act.Reopen(0, All: true, null),
                        new Act.Commit(0, [New("p"), New("r", "a")], true, new Trouble.Killed(calls, Afterwards: false, Everybody: false)),
                        new Act.Commit(0, [new Change("p", true, [])], true, null),
                        new Act.Commit(0, [New("r", "b")], false, null),
                        new Act.Look(0, "r", IsShared: false, null),
                    ]),
                tally);
            interpreter.Run();
            interpreter.Close();
        }

        static Change New(string sandbox, string? container = null) =>
            new(sandbox, true, [new Step.Put(StoreRoot.Run, container, "x", 1, 0)]);
    }

    private static Lsn Put(SandboxLock held, int value)
    {
        Lsn version = held.Change().PutJson(StoreRoot.Config, null, "n.json", Encoding.UTF8.GetBytes($"{value}")).CommitAsync().Now();
        held.DisposeAsync().Now();
        return version;
    }
}
