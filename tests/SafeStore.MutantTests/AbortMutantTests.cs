using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of what is done about a transaction that cannot be staged when its record is in the log.</summary>
public sealed class AbortMutantTests
{
    /// <summary>Two sealed segments, of three records each, make a checkpoint due; one of them stays.</summary>
    private static readonly StoreOptions s_longLog = Lab.Options with { LogBytesMax = 2 * Lab.Options.SegmentBytes };

    [Theory]
    [InlineData("not-aborted")]
    [InlineData("aborts-ignored")]
    public Task A_transaction_that_could_not_be_staged_does_not_come_back_after_a_kill(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await FailToStageAsync(lab, () => store.ChangeAsync("sb", static change => change.Put("a.json", "2")));
        lab.Machine.KillAll();

        _ = await lab.OpenAsync();
        Violation.Unless(lab.Visible()["config/sb/a.json"] == "1", "It has come back.");
    });

    [Theory]
    [InlineData("abort-not-synced")]
    public Task Nor_does_it_after_a_power_loss(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await FailToStageAsync(lab, () => store.ChangeAsync("sb", static change => change.Put("a.json", "2")));
        lab.Machine.LosePower(keepsUnsynced: false);

        _ = await lab.OpenAsync();
        Violation.Unless(lab.Visible()["config/sb/a.json"] == "1", "It has come back.");
    });

    [Theory]
    [InlineData("rewritten-by-aborted")]
    public Task What_an_aborted_transaction_was_to_write_again_is_checkpointed(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        SimulatedProcess process = lab.Machine.Start("process");
        StateStore store = await Lab.OpenAsync(process, s_longLog);
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));
        await store.CreateAsync("busy", static change => change.Put("a.json", "1"));
        await FailToStageAsync(lab, () => store.ChangeAsync("sb", static change => change.Put("a.json", "3"))); // two records
        await store.ChangeAsync("busy", static change => change.Put("a.json", "2"));
        await store.ChangeAsync("busy", static change => change.Put("a.json", "3"));
        CheckpointOne(process, store);
        lab.Machine.LosePower(keepsUnsynced: false);

        _ = await lab.OpenAsync();
        Violation.Unless(lab.Visible().GetValueOrDefault("config/sb/a.json") == "2", "What was acknowledged is lost.");
    });

    [Theory]
    [InlineData("rewritten-by-undecided")]
    public Task So_is_what_one_was_to_write_again_whose_abort_is_in_the_current_segment(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        SimulatedProcess process = lab.Machine.Start("process");
        StateStore store = await Lab.OpenAsync(process, s_longLog);
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));
        await store.CreateAsync("busy", static change => change.Put("a.json", "1"));
        await store.ChangeAsync("busy", static change => change.Put("a.json", "2"));
        await store.ChangeAsync("busy", static change => change.Put("a.json", "3"));
        await FailToStageAsync(lab, () => store.ChangeAsync("sb", static change => change.Put("a.json", "3"))); // the last record of a segment, the first of the next
        CheckpointOne(process, store);
        lab.Machine.LosePower(keepsUnsynced: false);

        _ = await lab.OpenAsync();
        Violation.Unless(lab.Visible().GetValueOrDefault("config/sb/a.json") == "2", "What was acknowledged is lost.");
    });

    [Theory]
    [InlineData("aborted-holds-up-checkpoint")]
    public Task A_lock_that_is_held_after_an_abort_does_not_hold_up_the_log(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("busy", static change => change.Put("a.json", "1"));
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await using SandboxLock held = await store.LockAsync("sb");
        await FailToStageAsync(lab, () => held.Change().Put("a.json", "2").CommitAsync().AsTask()); // the last record of a segment, the first of the next
        Lsn last = await store.ChangeAsync("busy", static change => change.Put("a.json", "2"));

        Violation.Unless(await store.CheckpointAsync() == last, "The checkpoint has stopped at the aborted transaction.");
    });

    [Theory]
    [InlineData("never-careful")]
    public Task Where_one_transaction_cannot_be_staged_the_next_one_has_no_record(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        Lsn before = await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        for (int i = 0; i < 3; i++)
        {
            await FailToStageAsync(lab, () => store.ChangeAsync("sb", static change => change.Put("a.json", "2")));
        }

        Lsn after = await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));
        Violation.Unless(after.Value == before.Value + 3, $"{after.Value - before.Value - 1} records are in the log, instead of one and its abort.");
    });

    [Theory]
    [InlineData("creation-begun-anew")]
    public Task A_creation_that_cannot_be_finished_now_is_finished_later(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore dying = await lab.OpenAsync("dying");
        StateStore other = await lab.OpenAsync("other");
        lab.Machine.Faults = new FaultPlan().Add(new FaultRule { Process = "dying", Operations = [Operation.CreateFile], Path = "*/stage/*", Fault = new ProcessKilled() });
        _ = await Record.ExceptionAsync(() => dying.CreateAsync("sb", static change => change.Put("a.json", "1")));
        lab.Machine.Faults = new FaultPlan().Add(new FaultRule { Operations = [Operation.MakeDirectory], Path = "*/stage/*", Fault = new CallFails(Errno.NoSpace) });
        await Assert.ThrowsAsync<StorageException>(() => other.TouchAsync("sb"));
        lab.Machine.Faults = new FaultPlan();
        _ = await other.CheckpointAsync();

        Violation.Unless(lab.Visible().GetValueOrDefault("config/sb/a.json") == "1", "The creation was in the log, and is lost.");
    });

    [Theory]
    [InlineData("unresolvable-ends-checkpoint")]
    public Task A_sandbox_that_cannot_be_resolved_does_not_keep_older_segments(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore dying = await lab.OpenAsync("dying");
        StateStore other = await lab.OpenAsync("other");
        await other.CreateAsync("busy", static change => change.Put("a.json", "1"));
        await other.CreateAsync("sb", static change => change.Put("a.json", "1"));
        Lsn last = await other.ChangeAsync("busy", static change => change.Put("a.json", "2")); // a whole segment
        lab.Machine.Faults = new FaultPlan().Add(new FaultRule { Process = "dying", Operations = [Operation.CreateFile], Path = "*/sb/.ss-*", Fault = new ProcessKilled() });
        _ = await Record.ExceptionAsync(() => dying.ChangeAsync("sb", static change => change.Put("a.json", "2")));
        lab.Machine.Faults = new FaultPlan().Add(new FaultRule { Times = int.MaxValue, Operations = [Operation.CreateFile], Path = "*/sb/.ss-*", Fault = new CallFails(Errno.QuotaExceeded) });

        Lsn? mark = null;
        Exception? failure = await Record.ExceptionAsync(async () => mark = await other.CheckpointAsync());
        Violation.Unless(failure is null && mark >= last, $"The checkpoint stands at {mark}: {failure?.Message}");
    });

    [Theory]
    [InlineData("unchecked-before-append")]
    public Task What_could_never_be_published_does_not_get_into_the_log(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        lab.MakeDirectory("config/sb", "b.json");
        lab.Machine.Faults = new FaultPlan().Add(new FaultRule { Operations = [Operation.SyncData], Path = "*/log/0*", Fault = new ProcessKilled() });
        _ = await Record.ExceptionAsync(() => store.ChangeAsync("sb", static change => change.Put("b.json", "1")));
        lab.Machine.Faults = new FaultPlan();
        lab.Machine.KillAll();

        Violation.Unless(await Record.ExceptionAsync(async () => await lab.OpenAsync()) is null, "The store cannot be opened any more.");
    });

    private static async Task FailToStageAsync(Lab lab, Func<Task> commit)
    {
        lab.Machine.Faults = FaultPlan.Fail(Operation.CreateFile, "*/.ss-*.tmp", Errno.NoSpace);
        StorageException failure = await Assert.ThrowsAsync<StorageException>(commit);
        Assert.Equal(Errno.NoSpace, failure.Errno);
        lab.Machine.Faults = new FaultPlan();
    }

    private static void CheckpointOne(SimulatedProcess process, StateStore store)
    {
        process.Clock.Advance(TimeSpan.Zero);
        Violation.Unless(store.Statistics.Checkpoints == 1, "The scenario has made no checkpoint.");
    }
}
