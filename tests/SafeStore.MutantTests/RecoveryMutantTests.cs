using System.Threading.Tasks;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of recovery, met by machines that stop while it is at work, and after it.</summary>
public sealed class RecoveryMutantTests
{
    [Theory]
    [InlineData("recovery-without-document-sync")]
    [InlineData("recovery-without-directory-sync")]
    [InlineData("recovery-updates-watermark-in-place")]
    [InlineData("segment-watermark-not-looked-at")]
    [InlineData("rename-before-fsync")]
    public Task A_recovery_that_is_stopped_is_finished_by_the_next_and_what_it_has_done_stays(string mutant) =>
        Kill.ByAsync(mutant, () => new Exploring(static async lab => lab.Store = await lab.OpenAsync("recovering"))
        {
            Before = static async lab =>
            {
                StateStore store = await lab.OpenAsync();
                await store.CreateAsync("sb", static change => change.Put("a.json", "1").Put(StoreRoot.Run, null, "b.json", "1"));
                await store.CheckpointAsync();
                await store.ChangeAsync("sb", static change => change.Put("a.json", "2").Delete(StoreRoot.Run, null, "b.json"));
                await store.CreateAsync("new", static change => change.Put("a.json", "1").CreateContainer("web").Put(StoreRoot.Run, "web", "c.json", "1"));
                lab.Machine.KillAll();
            },
            GoesOn = true,
        }.RunAsync());

    [Theory]
    [InlineData("stage-emptied-after-apply")]
    public Task A_creation_whose_directory_has_kept_both_names_is_not_emptied(string mutant) =>
        Kill.ByAsync(mutant, () => new Exploring(
            static lab => lab.Store.CreateAsync("new", static change => change.Put("a.json", "1").Put(StoreRoot.Run, null, "b.json", "1")))
        {
            Before = static async lab => lab.Store = await lab.OpenAsync(),
            Samples = 8,
        }.RunAsync());

    [Theory]
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
}
