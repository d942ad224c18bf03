using System.Threading.Tasks;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of the stamps that documents get, met by readers beside machines that stop.</summary>
public sealed class StampMutantTests
{
    [Theory]
    [InlineData("stamped-after-publication")]
    [InlineData("stamp-of-old-file-kept")]
    [InlineData("creation-not-stamped")]
    [InlineData("redo-not-stamped")]
    [InlineData("new-in-redo-not-stamped")]
    public Task Every_document_that_can_be_seen_has_its_own_stamp(string mutant) =>
        Kill.ByAsync(mutant, () => new Exploring(
            static lab => lab.Store.ChangeAsync("sb", static change => change.Put("a.json", "2")),
            static lab => lab.Store.CreateAsync("new", static change => change.Put("a.json", "1")))
        {
            Before = static async lab =>
            {
                lab.Store = await lab.OpenAsync();
                await lab.Store.CreateAsync("sb", static change => change.Put("a.json", "1"));
            },
        }.RunAsync());

    [Theory]
    [InlineData("redo-stamps-last")]
    public Task Redo_stamps_each_document_with_the_transaction_that_wrote_it(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1").Put("b.json", "1"));
        Lsn first = await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));
        Lsn last = await store.ChangeAsync("sb", static change => change.Put("b.json", "2"));
        lab.Machine.LosePower(keepsUnsynced: false);
        store = await lab.OpenAsync("after the crash");
        foreach ((string file, Lsn version) in new[] { ("a.json", first), ("b.json", last) })
        {
            Lsn? found = store.ReadVersioned(new DocumentId("sb", null, StoreRoot.Config, file))?.Version;
            Violation.Unless(found == version, $"Transaction {version} wrote '{file}', and its stamp says {found}.");
        }
    });
}
