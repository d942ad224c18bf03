using System;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of what is done about a break in the log that appears while the store is open.</summary>
public sealed class DamageMutantTests
{
    [Theory]
    [InlineData("break-passed-over-by-resolver")]
    public Task A_transaction_whose_sealed_record_is_damaged_is_not_rolled_back(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore dying = await lab.OpenAsync("dying");
        StateStore other = await lab.OpenAsync("other");
        await other.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await other.CreateAsync("busy", static change => change.Put("a.json", "1"));
        lab.Machine.Faults = new FaultPlan()
            .Add(new FaultRule { Process = "dying", Operations = [Operation.Exchange], Fault = new ProcessKilled() });
        // the last record of a segment
        _ = await Record.ExceptionAsync(() => dying.ChangeAsync("sb", static change => change.Put("a.json", "2")));
        lab.Machine.Faults = new FaultPlan();
        await other.ChangeAsync("busy", static change => change.Put("a.json", "2"));
        lab.DamageRecord(3);

        Violation.Unless(await Record.ExceptionAsync(() => other.TouchAsync("sb")) is LogCorruptException, "The damage is not reported.");
    });

    [Theory]
    [InlineData("break-passed-over-by-checkpoint")]
    public Task What_a_damaged_sealed_record_wrote_is_not_left_out_of_a_checkpoint(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        StateStore other = await lab.OpenAsync("other");
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));
        await store.ChangeAsync("sb", static change => change.Put("b.json", "3")); // the last record of a segment
        await other.ChangeAsync("sb", static change => change.Put("a.json", "4"));
        lab.DamageRecord(3);

        Violation.Unless(
            await Record.ExceptionAsync(async () => await other.CheckpointAsync()) is LogCorruptException, "The damage is not reported.");
    });

    [Theory]
    [InlineData("break-passed-over-by-appender")]
    public Task A_process_that_goes_on_in_a_newer_segment_notices_a_damaged_record_before_it(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            var lab = new Lab();
            StateStore store = await lab.OpenAsync();
            StateStore other = await lab.OpenAsync("other");
            await other.CreateAsync("sb", static change => change.Put("a.json", "1"));
            await other.CreateAsync("busy", static change => change.Put("a.json", "1"));
            await store.ChangeAsync("sb", static change => change.Put("a.json", "2")); // the last record of a segment
            await store.ChangeAsync("sb", static change => change.Put("a.json", "3"));
            lab.DamageRecord(3);

            Exception? failure = await Record.ExceptionAsync(() => other.ChangeAsync("busy", static change => change.Put("a.json", "2")));
            Violation.Unless(failure is LogCorruptException, $"The damage is not reported: {failure}");
        });

    [Theory]
    [InlineData("joined-damage-taken-for-tail")]
    public Task A_synced_record_that_is_damaged_is_not_taken_for_the_end_of_the_log(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            var lab = new Lab();
            StateStore one = await lab.OpenAsync("one");
            StateStore other = await lab.OpenAsync("other");
            await one.CreateAsync("sb", static change => change.Put("a.json", "1"));
            await other.ChangeAsync("sb", static change => change.Put("a.json", "2"));
            await one.ChangeAsync("sb", static change => change.Put("a.json", "3")); // not alone: it says how far it has synced
            lab.DamageRecord(3);

            Violation.Unless(
                await Record.ExceptionAsync(async () => await lab.OpenAsync("joiner")) is LogCorruptException,
                "The damage is taken for the end of the log.");
        });

    [Theory]
    [InlineData("joiner-ignores-later-records")]
    public Task A_damaged_record_that_a_later_one_vouches_for_is_not_taken_for_the_end(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            var lab = new Lab();
            StateStore store = await lab.OpenAsync();
            await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
            lab.Machine.Faults = FaultPlan.Fail(Operation.Write, "*/words", Errno.InputOutput); // it cannot say what it has synced
            await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));
            lab.Machine.Faults = FaultPlan.Fail(Operation.Write, "*/words", Errno.InputOutput);
            await store.ChangeAsync("sb", static change => change.Put("a.json", "3"));
            lab.Machine.Faults = new FaultPlan();
            lab.DamageRecord(2);

            Violation.Unless(
                await Record.ExceptionAsync(async () => await lab.OpenAsync("joiner")) is LogCorruptException,
                "The damage is taken for the end of the log.");
        });
}
