using System;
using System.Collections.Generic;
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
                await store.ChangeAsync("sb", static change => change.Put("a.json", "2").Remove(StoreRoot.Run, null, "b.json"));
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
    [InlineData("leftovers-written-into")]
    public Task What_could_not_be_emptied_in_scratch_and_is_published_too_is_not_written_into(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            foreach (StoreRoot root in new[] { StoreRoot.Config, StoreRoot.Run })
            {
                var lab = new Lab();
                StateStore store = await lab.OpenAsync();
                await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
                await KeepBothNamesAsync(lab, $"/store/{root}/sb".ToLowerInvariant(), () => store.ChangeAsync(
                    "sb", change => change.CreateContainer("web").Put(root, "web", "b.json", "2")));
                await AssertStaysAsync(lab, "sb", $"{root}/sb/web/b.json".ToLowerInvariant());

                lab = new Lab();
                store = await lab.OpenAsync();
                await KeepBothNamesAsync(lab, $"/store/{root}".ToLowerInvariant(), () => store.CreateAsync(
                    "new", change => change.Put(root, null, "b.json", "2")));
                await AssertStaysAsync(lab, "new", $"{root}/new/b.json".ToLowerInvariant());
            }
        });

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

    /// <summary>
    /// Other programs sync all that is staged, and then the directory in which it has appeared; a power loss comes before its old name's
    /// loss is durable.
    /// </summary>
    private static async Task KeepBothNamesAsync(Lab lab, string published, Func<Task> transaction)
    {
        bool isStaged = false;
        lab.Machine.BeforeChange = (call, _) =>
        {
            if (call.Operation == Operation.SyncData && !isStaged)
            {
                isStaged = true;
                lab.Machine.Sync();
            }
        };
        await transaction();
        lab.Machine.BeforeChange = null;
        SimulatedFileSystem fs = lab.Machine.Start("other program").FileSystem;
        Assert.Equal(Errno.None, fs.OpenRoot(published, out DirectoryHandle? directory));
        Assert.Equal(Errno.None, fs.SyncDirectory(directory!));
        lab.Machine.LosePower(keepsUnsynced: false);
    }

    /// <summary>An opener cannot empty what is in scratch; the next one can.</summary>
    private static async Task AssertStaysAsync(Lab lab, string sandbox, string document)
    {
        lab.Machine.Faults = new FaultPlan()
            .Add(new FaultRule
            {
                Times = int.MaxValue,
                Operations = [Operation.Unlink],
                Path = "*/scratch/*",
                Fault = new CallFails(Errno.NotPermitted)
            });
        StateStore store = await lab.OpenAsync("first opener");
        Assert.NotEqual(0, lab.Machine.Faults.Count);
        Exception? failure = await Record.ExceptionAsync(() => store.TouchAsync(sandbox));
        await store.CheckpointAsync();
        lab.Machine.KillAll();
        lab.Machine.Faults = new FaultPlan();

        store = await lab.OpenAsync("second opener");
        Violation.Unless(
            lab.Visible().GetValueOrDefault(document) == "2",
            $"The second opener has emptied what the first one has published: {string.Join(", ", lab.Visible().Keys)}");
        Violation.Unless(failure is StorageException { Errno: Errno.Busy }, $"The first opener's lockers were not told: {failure}");
        _ = await store.TouchAsync(sandbox);
        Assert.DoesNotContain(lab.Leftovers(), static path => path.Contains("/scratch/", StringComparison.Ordinal));
    }

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
