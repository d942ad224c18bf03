using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of recovery, met by machines that stop while it is at work, and after it.</summary>
public sealed class RecoveryMutantTests
{
    [Theory]
    [InlineData("recovery-without-document-sync")]
    [InlineData("recovery-without-directory-sync")]
    [InlineData("life-not-announced")]
    public Task A_recovery_that_is_stopped_is_finished_by_the_next_and_what_it_has_done_stays(string mutant) =>
        Kill.ByAsync(mutant, () => new Exploring(static async lab => lab.Store = await lab.OpenAsync("recovering"))
        {
            Before = static async lab =>
            {
                StateStore store = await lab.OpenAsync();
                await store.CreateAsync("sb", static change => change.Put("a.json", "1").Put(StoreRoot.Run, null, "b.json", "1"));
                await store.CheckpointAsync();
                await store.ChangeAsync("sb", static change => change.Put("a.json", "2").Delete(StoreRoot.Run, null, "b.json"));
                await store.CreateAsync("new", static change =>
                    change.Put("a.json", "1").CreateContainer("web").Put(StoreRoot.Run, "web", "c.json", "1"));
                lab.Machine.KillAll();
            },
            GoesOn = true,
        }.RunAsync());

    [Theory]
    [InlineData("scratch-not-emptied-before-redo")]
    public Task A_creation_whose_directory_has_kept_both_names_is_not_emptied(string mutant) =>
        Kill.ByAsync(mutant, () => new Exploring(
            static lab => lab.Store.CreateAsync("new", static change => change.Put("a.json", "1").Put(StoreRoot.Run, null, "b.json", "1")))
        {
            Before = static async lab => lab.Store = await lab.OpenAsync(),
            Samples = 8,
        }.RunAsync());

    [Theory]
    [InlineData("recovery-without-scratch-sync")]
    public Task A_sandbox_that_a_recovery_has_made_is_not_emptied_by_the_next_one(string mutant) =>
        Kill.ByAsync(mutant, () => new Exploring(
            static async lab => lab.Store = await lab.OpenAsync("recovering"),
            static lab => lab.Store.ChangeAsync("sb", static change => change.Put("a.json", "2")))
        {
            Before = static async lab =>
            {
                StateStore store = await lab.OpenAsync();
                await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
                await store.CheckpointAsync();
                await store.CreateAsync("new", static change => change.Put("a.json", "1").Put(StoreRoot.Run, null, "b.json", "1"));
                lab.Machine.LosePower(keepsUnsynced: false);
            },
        }.RunAsync());

    [Theory]
    [InlineData("rename-before-fsync")]
    [InlineData("root-names-not-synced")]
    [InlineData("ancestors-not-synced")]
    [InlineData("recovery-without-name-sync")]
    public Task A_store_whose_maker_was_stopped_is_made_by_the_next_and_keeps_what_is_written_then(string mutant) =>
        Kill.ByAsync(mutant, () => new Exploring(
            static async lab => lab.Store = await lab.OpenAsync(),
            static lab => lab.Store.CreateAsync("sb", static change => change.Put("a.json", "1").Put(StoreRoot.Run, null, "b.json", "1")))
        {
            GoesOn = true,
        }.RunAsync());

    [Theory]
    [InlineData("recovery-without-log-sync")]
    public Task A_record_that_was_never_synced_is_not_lost_once_a_part_of_it_is_applied(string mutant) =>
        Kill.ByAsync(mutant, () => new Exploring(static async lab => lab.Store = await lab.OpenAsync("recovering"))
        {
            Before = static lab => DieInSyncAsync(lab, new ProcessKilled()),
        }.RunAsync());

    [Theory]
    [InlineData("faulted-log-not-written-anew")]
    public Task A_record_whose_sync_has_failed_is_not_lost_once_a_part_of_it_is_applied(string mutant) =>
        Kill.ByAsync(mutant, () => new Exploring(static async lab => lab.Store = await lab.OpenAsync("recovering"))
        {
            Before = static lab => DieInSyncAsync(lab, new SyncLosesData(Errno.InputOutput, LostSync.KeepsCache)),
        }.RunAsync());

    [Theory]
    [InlineData("failed-recovery-not-marked")]
    public Task A_record_whose_sync_has_failed_in_a_recovery_is_not_lost_once_a_part_of_it_is_applied(string mutant) =>
        Kill.ByAsync(mutant, () => new Exploring(static async lab => lab.Store = await lab.OpenAsync("recovering"))
        {
            Before = static async lab =>
            {
                await DieInSyncAsync(lab, new ProcessKilled());
                lab.Machine.Faults = FaultPlan.Fail(Operation.SyncFile, "*/log/0000*.log", Errno.InputOutput);
                _ = await Record.ExceptionAsync(async () => await lab.OpenAsync("recovering in vain"));
                lab.Machine.Faults = new FaultPlan();
                lab.Machine.KillAll();
            },
        }.RunAsync());

    [Theory]
    [InlineData("recovered-word-not-synced")]
    public Task The_version_of_a_sandbox_that_was_recovered_does_not_go_back(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await store.CheckpointAsync();
        Lsn last = await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));
        lab.Machine.KillAll();
        _ = await lab.OpenAsync();
        lab.Machine.LosePower(keepsUnsynced: false);

        StateStore recovered = await lab.OpenAsync();
        Violation.Unless(await recovered.TouchAsync("sb") >= last, "The version has gone back.");
    });

    private static async Task DieInSyncAsync(Lab lab, SimulatedFault fault)
    {
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1").Put(StoreRoot.Run, null, "b.json", "1"));
        await store.CheckpointAsync();
        lab.Machine.Faults = new FaultPlan().Add(new FaultRule { Operations = [Operation.SyncData], Path = "*/log/0*", Fault = fault });
        _ = await Record.ExceptionAsync(() =>
            store.ChangeAsync("sb", static change => change.Put("a.json", "2").Put(StoreRoot.Run, null, "b.json", "2")));
        lab.Machine.Faults = new FaultPlan();
        lab.Machine.KillAll();
    }
}
