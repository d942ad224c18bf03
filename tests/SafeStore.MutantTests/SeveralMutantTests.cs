using System.Threading.Tasks;
using SafeStore.Locking;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>
/// Mutants of what a lock word says of transactions of several sandboxes, by which a copy is cut between two transactions.
/// </summary>
public sealed class SeveralMutantTests
{
    private const string Document = "/store/config/sb/a.json";

    [Theory]
    [InlineData("several-not-told")]
    [InlineData("several-forgotten")]
    public Task A_lock_word_keeps_the_last_transaction_of_several_sandboxes_when_others_follow(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            var lab = new Lab();
            StateStore store = await lab.OpenAsync();
            StateStore other = await lab.OpenAsync("other");
            Lsn both = await ChangeBothAsync(store);
            Lsn alone = await other.ChangeAsync("sb", static change => change.Put("a.json", "3"));
            AssertWord(lab, "sb", new LockWord(LockWordState.Idle, alone, both));
            AssertWord(lab, "second", new LockWord(LockWordState.Idle, both, both));
        });

    [Theory]
    [InlineData("several-not-recovered")]
    public Task A_recovery_and_a_locker_tell_of_a_transaction_of_several_sandboxes_whose_process_died(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            var lab = new Lab();
            StateStore dying = await lab.OpenAsync("dying");
            StateStore other = await lab.OpenAsync("other");
            await DieInBothAsync(lab, dying);
            Lsn both = await other.TouchAsync("sb");
            AssertWord(lab, "sb", new LockWord(LockWordState.Idle, both, both));
            lab.Machine.KillAll();

            _ = await lab.OpenAsync();
            AssertWord(lab, "second", new LockWord(LockWordState.Idle, both, both));
        });

    [Theory]
    [InlineData("parked-as-of-one")]
    public Task What_is_parked_was_of_several_sandboxes_when_it_is_applied_too(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore dying = await lab.OpenAsync("dying");
        StateStore other = await lab.OpenAsync("other");
        await DieInBothAsync(lab, dying);
        lab.WriteFile("/store/config/foreign", "\"foreign\"");
        lab.Machine.BindMount("/store/config/foreign", Document);
        await other.CheckpointAsync();
        Assert.Contains("/store/config/.safestore/parked/sb", lab.Paths("/store/config/.safestore/parked/"));
        lab.Machine.Unmount(Document);

        Lsn both = await other.TouchAsync("sb");
        AssertWord(lab, "sb", new LockWord(LockWordState.Idle, both, both));
    });

    private static async Task<Lsn> ChangeBothAsync(StateStore store)
    {
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await store.CreateAsync("second", static change => change.Put("a.json", "1"));
        await using SandboxLocks locks = await store.LockManyAsync([SandboxTarget.Existing("sb"), SandboxTarget.Existing("second")]);
        Transaction transaction = locks.Change();
        _ = transaction.For("sb").Put("a.json", "2");
        _ = transaction.For("second").Put("a.json", "2");
        return await transaction.CommitAsync();
    }

    /// <summary>A process dies between the append and the publishing of a transaction of two sandboxes.</summary>
    private static async Task DieInBothAsync(Lab lab, StateStore dying)
    {
        lab.Machine.Faults = new FaultPlan()
            .Add(new FaultRule { Process = "dying", Operations = [Operation.Exchange], Fault = new ProcessKilled() });
        Assert.IsType<SimulatedCrashException>(await Record.ExceptionAsync(() => ChangeBothAsync(dying)));
        lab.Machine.Faults = new FaultPlan();
    }

    private static void AssertWord(Lab lab, string sandbox, LockWord expected)
    {
        LockWord found = lab.WordOf(sandbox);
        Violation.Unless(found == expected, $"The lock word of {sandbox} says {found}, not {expected}.");
    }
}
