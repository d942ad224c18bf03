using System.Collections.Generic;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of what is done about calls that fail.</summary>
public sealed class FaultMutantTests
{
    [Theory]
    [InlineData("failed-sync-retried")]
    public Task A_transaction_whose_sync_has_failed_is_not_acknowledged(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        lab.Machine.Faults = FaultPlan.Fail(Operation.SyncData, "*/log/0*", Errno.InputOutput);
        bool isAcknowledged = await TryChangeAsync(store, "2");
        lab.Machine.LosePower(keepsUnsynced: false);

        _ = await lab.OpenAsync();
        Violation.Unless(!isAcknowledged || lab.Visible()["config/sb/a.json"] == "2", "What was acknowledged is lost.");
    });

    [Theory]
    [InlineData("fault-not-marked")]
    public Task A_sync_that_has_failed_keeps_out_a_process_that_comes_later(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore first = await lab.OpenAsync("first");
        await first.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await first.CreateAsync("other", static change => change.Put("a.json", "1"));
        lab.Machine.Faults = FaultPlan.Fail(Operation.SyncData, "*/log/0*", Errno.InputOutput);
        await Assert.ThrowsAsync<StoreFaultedException>(() => first.ChangeAsync("sb", static change => change.Put("a.json", "2")));
        lab.Machine.Faults = new FaultPlan();

        // The kernel tells of a failed write-back only through handles that were open when it happened.
        bool isAcknowledged = false;
        try
        {
            StateStore second = await lab.OpenAsync("second");
            await second.ChangeAsync("other", static change => change.Put("a.json", "3"));
            isAcknowledged = true;
        }
        catch (StoreFaultedException)
        {
            // As it should be.
        }

        lab.Machine.LosePower(keepsUnsynced: false);
        _ = await lab.OpenAsync("third");
        Violation.Unless(!isAcknowledged || lab.Visible()["config/other/a.json"] == "3", "What was acknowledged is lost.");
    });

    [Theory]
    [InlineData("fault-mark-not-looked-at")]
    public Task A_sync_that_has_failed_keeps_out_a_process_that_has_the_store_open(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore first = await lab.OpenAsync("first");
        StateStore second = await lab.OpenAsync("second");
        await first.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await first.CreateAsync("other", static change => change.Put("a.json", "1"));
        await first.ChangeAsync("sb", static change => change.Put("a.json", "2"));
        lab.Machine.Faults = FaultPlan.Fail(Operation.SyncData, "*/log/0*", Errno.InputOutput);
        // in a new segment
        await Assert.ThrowsAsync<StoreFaultedException>(() => first.ChangeAsync("sb", static change => change.Put("a.json", "3")));
        lab.Machine.Faults = new FaultPlan();

        bool isAcknowledged = false;
        try
        {
            await second.ChangeAsync("other", static change => change.Put("a.json", "4")); // it opens that segment only now
            isAcknowledged = true;
        }
        catch (StoreFaultedException)
        {
            // As it should be.
        }

        lab.Machine.LosePower(keepsUnsynced: false);
        _ = await lab.OpenAsync("third");
        Violation.Unless(!isAcknowledged || lab.Visible()["config/other/a.json"] == "4", "What was acknowledged is lost.");
    });

    [Theory]
    [InlineData("failed-batch-not-invalidated")]
    public Task A_transaction_that_was_reported_as_failed_does_not_come_back(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        lab.Machine.Faults = new FaultPlan()
            .Add(new FaultRule { Operations = [Operation.Write], Path = "*/log/*", Fault = new ShortTransfer(512) })
            .Add(new FaultRule { Operations = [Operation.Write], Path = "*/log/*", Fault = new CallFails(Errno.NoSpace) });
        await Assert.ThrowsAsync<StorageException>(() => store.ChangeAsync("sb", static change => change.Put("a.json", "2")));
        lab.Machine.KillAll();

        _ = await lab.OpenAsync();
        Violation.Unless(lab.Visible()["config/sb/a.json"] == "1", "It has come back.");
    });

    [Theory]
    [InlineData("checkpoint-believes-failed-sync")]
    public Task A_document_whose_sync_has_failed_in_a_checkpoint_is_not_believed(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        lab.Machine.Faults = FaultPlan.Fail(Operation.SyncFile, "*/sb/a.json", Errno.InputOutput);
        await store.CheckpointAsync();
        lab.Machine.LosePower(keepsUnsynced: false);

        _ = await lab.OpenAsync();
        Violation.Unless(lab.Visible().GetValueOrDefault("config/sb/a.json") == "1", "What was checkpointed is lost.");
    });

    [Theory]
    [InlineData("lost-record-counts-as-torn")]
    public Task An_acknowledged_record_that_is_lost_is_reported(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        lab.Machine.Faults = new FaultPlan()
            .Add(new FaultRule { Operations = [Operation.Write], Path = "*/log/*", Fault = new BitFlipped(700) });
        await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));
        await store.ChangeAsync("sb", static change => change.Put("a.json", "3"));
        lab.Machine.LosePower(keepsUnsynced: false);

        Violation.Unless(
            await Record.ExceptionAsync(async () => await lab.OpenAsync()) is LogCorruptException, "The loss is not reported.");
    });

    private static async Task<bool> TryChangeAsync(StateStore store, string text)
    {
        try
        {
            await store.ChangeAsync("sb", change => change.Put("a.json", text));
            return true;
        }
        catch (StoreFaultedException)
        {
            return false;
        }
    }
}
