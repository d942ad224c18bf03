using System.Threading.Tasks;
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
            static lab => lab.Store.ChangeAsync("sb", static change => change.Put("a.json", StoreCalls.Long('a', 1500)).Put(StoreRoot.Run, null, "b.json", "2")),
            static lab => lab.Store.ChangeAsync("sb", static change => change.Put("a.json", "3").Delete(StoreRoot.Run, null, "b.json")),
            static lab => lab.Store.ChangeAsync("sb", static change => change.Put("a.json", "4").Put("c.json", "4")))
        {
            Before = static async lab =>
            {
                lab.Store = await lab.OpenAsync();
                await lab.Store.CreateAsync("sb", static change => change.Put("a.json", "1").Put(StoreRoot.Run, null, "b.json", "1"));
            },
        }.RunAsync());

    [Theory]
    [InlineData("segment-left-among-spares")]
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
