using System.Threading.Tasks;
using SafeStore.Locking;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of what a commit does, met by machines that stop.</summary>
public sealed class CommitMutantTests
{
    [Theory]
    [InlineData("no-sync-before-publish")]
    [InlineData("acknowledged-before-sync")]
    [InlineData("published-before-append")]
    [InlineData("checksum-not-compared")]
    [InlineData("segment-named-without-sync")]
    public Task A_transaction_is_there_wholly_or_not_at_all_whenever_the_machine_stops(string mutant) =>
        Kill.ByAsync(mutant, () => new Exploring(
            static lab => lab.Store.ChangeAsync("sb", static change => change
                .Put("a.json", StoreCalls.Long('a', 1500)).Put(StoreRoot.Run, null, "b.json", "2")),
            static lab => lab.Store.ChangeAsync("sb", static change => change.Put("a.json", "3").Remove(StoreRoot.Run, null, "b.json")),
            static lab => lab.Store.ChangeAsync("sb", static change => change.Put("a.json", "4").Put("c.json", "4")))
        {
            Before = static async lab =>
            {
                lab.Store = await lab.OpenAsync();
                await lab.Store.CreateAsync("sb", static change => change.Put("a.json", "1").Put(StoreRoot.Run, null, "b.json", "1"));
            },
        }.RunAsync());

    [Theory]
    [InlineData("idle-before-all-published")]
    public Task No_lock_word_says_idle_before_all_of_its_transaction_can_be_seen(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("one", static change => change.Put("a.json", "1"));
        Lsn before = await store.CreateAsync("other", static change => change.Put("a.json", "1"));
        await using SandboxLocks held =
            await store.LockManyAsync([new SandboxTarget("one", IsNew: false), new SandboxTarget("other", IsNew: false)]);
        Transaction transaction = held.Change();
        _ = transaction.For("one").Put("a.json", "2");
        _ = transaction.For("other").Put("a.json", "2");
        lab.Machine.BeforeChange = (_, _) =>
        {
            foreach (string sandbox in new[] { "one", "other" })
            {
                bool isIdle = lab.WordOf(sandbox) is { State: LockWordState.Idle } word && word.Lsn > before;
                bool isWhole = lab.Visible()["config/one/a.json"] == "2" && lab.Visible()["config/other/a.json"] == "2";
                Violation.Unless(
                    !isIdle || isWhole, $"A copy made now has half of a transaction, and the word of '{sandbox}' does not say so.");
            }
        };
        await transaction.CommitAsync();
        lab.Machine.BeforeChange = null;
        Violation.Unless(lab.WordOf("one").State == LockWordState.Idle, "The transaction is never concluded.");
    });

    [Theory]
    [InlineData("shared-spare-used")]
    public Task A_store_whose_segment_has_kept_a_spare_s_name_goes_on(string mutant) =>
        Kill.ByAsync(mutant, () => new Exploring(
            static lab => lab.Store.ChangeAsync("sb", static change => change.Put("a.json", "4")))
        {
            Before = static async lab =>
            {
                lab.Store = await lab.OpenAsync();
                await lab.Store.CreateAsync("sb", static change => change.Put("a.json", "1"));
                await lab.Store.ChangeAsync("sb", static change => change.Put("a.json", "2"));
                await lab.Store.ChangeAsync("sb", static change => change.Put("a.json", "3"));
            },
            Samples = 8,
            GoesOn = true,
        }.RunAsync());
}
