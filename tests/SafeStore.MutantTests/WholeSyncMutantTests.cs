using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of what a checkpoint believes that the kernel has told it, above all when it syncs a filesystem as a whole.</summary>
public sealed class WholeSyncMutantTests
{
    private static readonly PersistenceProfile s_whole =
        PersistenceProfile.Strict with { Name = "strict, synced as a whole", CanSyncAll = true };

    [Theory]
    [InlineData("write-back-start-ignored")]
    public Task A_write_back_that_could_not_be_started_is_told_of_there_only(string mutant) =>
        Kill.ByAsync(mutant, static () => CheckpointAsync(
            new Lab(),
            new FaultRule { Operations = [Operation.StartWriteBack], Path = "*.json", Fault = new CallFails(Errno.InputOutput) }));

    [Theory]
    [InlineData("whole-sync-not-done-believed")]
    public Task Where_a_filesystem_cannot_be_synced_as_a_whole_the_files_are(string mutant) =>
        Kill.ByAsync(mutant, static () => CheckpointAsync(new Lab()));

    [Theory]
    [InlineData("whole-sync-failure-believed")]
    public Task A_failed_sync_of_the_whole_proves_nothing(string mutant) => Kill.ByAsync(mutant, static () => CheckpointAsync(
        new Lab(new SimulatedMachineOptions { Profile = s_whole }),
        new FaultRule { Operations = [Operation.SyncAll], Fault = new SyncLosesData(Errno.InputOutput, LostSync.KeepsCache) }));

    [Theory]
    [InlineData("whole-sync-of-damaged-repeated")]
    public Task What_a_damaged_filesystem_has_given_up_no_sync_of_a_file_tells(string mutant) =>
        Kill.ByAsync(mutant, static () => CheckpointAsync(
            new Lab(new SimulatedMachineOptions { Profile = s_whole }),
            new FaultRule { Operations = [Operation.SyncAll], Fault = new CallFails(Errno.Damaged) }));

    [Theory]
    [InlineData("whole-sync-of-one-root")]
    public Task Roots_on_two_filesystems_are_both_synced(string mutant) =>
        Kill.ByAsync(mutant, static () => CheckpointAsync(new Lab(new SimulatedMachineOptions
        {
            Profile = s_whole,
            Mounts = [new SimulatedMount("/store/run", s_whole)],
        })));

    [Theory]
    [InlineData("whole-sync-across-mounts")]
    public Task What_is_mounted_below_a_root_is_synced_too(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab(new SimulatedMachineOptions { Profile = s_whole, Mounts = [new SimulatedMount("/store/run/sb", s_whole)] });
        StateStore store = await lab.OpenAsync();
        await store.ChangeAsync("sb", static change => change.Put("a.json", "1"));
        lab.Machine.Sync();
        Lsn last = await store.ChangeAsync("sb", static change => change.Put("a.json", "2")); // the lock word is on the other filesystem
        await store.CheckpointAsync();
        lab.Machine.LosePower(keepsUnsynced: false);

        StateStore recovered = await lab.OpenAsync();
        Violation.Unless(lab.Visible().GetValueOrDefault("config/sb/a.json") == "2", "What was acknowledged is lost.");
        Violation.Unless(await recovered.TouchAsync("sb") >= last, "The version has gone back.");
    });

    [Theory]
    [InlineData("whole-sync-trusted-again")]
    public Task What_a_failed_sync_of_the_whole_told_of_is_found_by_the_checkpoint_that_comes_to_it(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            var lab = new Lab(new SimulatedMachineOptions { Profile = s_whole });
            SimulatedProcess process = lab.Machine.Start("process");
            StateStore store = await Lab.OpenAsync(process, Lab.Options with { LogBytesMax = Lab.Options.SegmentBytes });
            await store.CreateAsync("busy", static change => change.Put("a.json", "1"));
            await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
            await store.CheckpointAsync();
            for (int i = 2; i < 5; i++)
            {
                await store.ChangeAsync("busy", change => change.Put("a.json", $"{i}")); // a whole segment
            }

            await store.ChangeAsync("sb", static change => change.Put("a.json", "2")); // in the next one, which stays for now
            lab.Machine.FailWriteBack("/store/config/sb/a.json");
            process.Clock.Advance(TimeSpan.Zero); // this checkpoint is told that something has failed
            Violation.Unless(store.Statistics.Checkpoints == 2, "The scenario has made no second checkpoint.");
            await store.CheckpointAsync();
            Violation.Unless(store.Statistics.Checkpoints == 3 && !store.IsFaulted, "The scenario has made no third checkpoint.");
            lab.Machine.LosePower(keepsUnsynced: false);

            _ = await lab.OpenAsync();
            Violation.Unless(lab.Visible().GetValueOrDefault("config/sb/a.json") == "2", "What was acknowledged is lost.");
        });

    [Theory]
    [InlineData("whole-sync-by-joiner")]
    public Task What_failed_before_a_process_joined_is_found_by_its_checkpoint(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab(new SimulatedMachineOptions { Profile = s_whole });
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        lab.Machine.FailWriteBack("/store/config/sb/a.json");
        SimulatedFileSystem other = lab.Machine.Start("other program").FileSystem;
        Assert.Equal(Errno.None, other.OpenRoot("/", out DirectoryHandle? root));
        Violation.Unless(other.SyncAll(root!, 0, out _) == Errno.InputOutput, "The other program was not told.");
        StateStore joiner = await lab.OpenAsync("joiner");
        await joiner.CheckpointAsync();
        lab.Machine.LosePower(keepsUnsynced: false);

        _ = await lab.OpenAsync();
        Violation.Unless(lab.Visible().GetValueOrDefault("config/sb/a.json") == "1", "What was acknowledged is lost.");
    });

    /// <summary>Checkpoints an update of both roots, then loses all that is not durable.</summary>
    private static async Task CheckpointAsync(Lab lab, FaultRule? fault = null)
    {
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await store.ChangeAsync("sb", static change => change.Put("a.json", "2").Put(StoreRoot.Run, null, "b.json", "2"));
        lab.Machine.Faults = fault is null ? new FaultPlan() : new FaultPlan().Add(fault);
        Exception? failure = await Record.ExceptionAsync(async () => await store.CheckpointAsync());
        // the lock word, of which no record has the content
        Violation.Unless(
            failure is null || (fault is not null && failure is StoreFaultedException), $"The checkpoint has failed: {failure}");
        lab.Machine.Faults = new FaultPlan();
        lab.Machine.LosePower(keepsUnsynced: false);

        _ = await lab.OpenAsync();
        SortedDictionary<string, string> found = lab.Visible();
        Violation.Unless(
            found.GetValueOrDefault("config/sb/a.json") == "2" && found.GetValueOrDefault("run/sb/b.json") == "2",
            "What was acknowledged is lost.");
    }
}
