using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of the mark that spares the next opener the sweep, and of what it rests on.</summary>
public sealed class SettlementMutantTests
{
    [Theory]
    [InlineData("settled-for-ever")]
    [InlineData("sweep-not-synced")]
    public Task What_a_dead_process_has_staged_is_gone_for_good_when_the_store_has_been_opened_and_closed(string mutant) =>
        Kill.ByAsync(mutant, static () => new OrderlyLives().RunAsync());

    [Theory]
    [InlineData("dead-process-counts-as-left")]
    public Task What_a_dead_process_has_staged_is_swept_although_another_has_closed_the_store_in_order(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab(new SimulatedMachineOptions { StagesFirst = true });
        await (await lab.OpenAsync("maker")).CreateAsync("sb", static change => change.Put("a.json", "1"));
        StateStore dying = await lab.OpenAsync("dying");
        StateStore other = await lab.OpenAsync("other");
        lab.Machine.Processes[0].Kill();
        lab.Machine.Faults = new FaultPlan().Add(new FaultRule { Operations = [Operation.Write], Path = "*/log/*", Process = "dying", Fault = new ProcessKilled() });
        _ = await Record.ExceptionAsync(() => dying.ChangeAsync("sb", static change => change.Put("a.json", "2")));
        await other.DisposeAsync();

        _ = await lab.OpenAsync("next");
        Violation.Unless(lab.Leftovers() is [], $"Left behind: {string.Join(", ", lab.Leftovers())}");
    });

    [Theory]
    [InlineData("failure-not-told")]
    public Task What_a_failed_call_has_made_all_the_same_is_gone_when_the_store_has_been_opened_and_closed(string mutant) =>
        Kill.ByAsync(mutant, static () => new OrderlyLives { Trouble = new CallDoneButFails(Errno.InputOutput) }.RunAsync());

    [Theory]
    [InlineData("taken-back-without-sync")]
    [InlineData("taken-back-word-not-synced")]
    public Task What_was_taken_back_is_gone_for_good_when_the_store_has_been_closed(string mutant) =>
        Kill.ByAsync(mutant, static () => new OrderlyLives { Trouble = new CallFails(Errno.NoSpace) }.RunAsync());

    [Theory]
    [InlineData("died-taking-back-not-noticed")]
    public async Task What_a_process_was_taking_back_when_it_died_is_gone_for_good_once_the_store_was_recovered(string mutant)
    {
        await Kill.ByAsync(mutant, static () => new OrderlyLives { Error = Errno.NoSpace }.RunAsync());
        await Kill.ByAsync(mutant, static () => new OrderlyLives { Error = Errno.NoSpace, HasSurvivor = true }.RunAsync(), "resolved by another");
        await Kill.ByAsync(mutant, static () => new OrderlyLives { Error = Errno.NoSpace, LosesWord = true }.RunAsync(), "its lock word lost");
    }

    [Theory]
    [InlineData("interrupted-recovery-believed")]
    public Task What_a_recovery_was_removing_when_it_died_is_gone_for_good_once_the_next_has_come_to_its_end(string mutant) =>
        Kill.ByAsync(mutant, static () => new OrderlyLives { RecoveryDies = true }.RunAsync());
}
