using System.Threading.Tasks;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of what a process leaves for others when it dies, and of what they make of it.</summary>
public sealed class SurvivorMutantTests
{
    [Theory]
    [InlineData("lock-word-not-set")]
    [InlineData("resolves-without-sync")]
    [InlineData("resolves-without-publishing")]
    [InlineData("lock-word-of-old-version")]
    [InlineData("tail-by-header")]
    public Task A_change_whose_process_dies_is_finished_or_undone_by_the_next_locker(string mutant) =>
        Kill.ByAsync(mutant, () => new Survival(static store => store.ChangeAsync("sb", static change => change
            .Put("a.json", StoreCalls.Long('a', 1500)).Put(StoreRoot.Run, null, "b.json", "2")
            .CreateContainer("web").Put(StoreRoot.Config, "web", "c.json", "2"))).RunAsync());

    [Theory]
    [InlineData("unknown-word-counts-as-idle")]
    public Task A_change_whose_lock_word_is_lost_is_finished_or_undone_by_the_next_locker(string mutant) =>
        Kill.ByAsync(mutant, () => new Survival(static store => store.ChangeAsync("sb", static change => change
            .Put("a.json", "2").Put(StoreRoot.Run, null, "b.json", "2")))
        {
            Meanwhile = static lab => lab.DamageLockWord("sb"),
        }.RunAsync());

    [Theory]
    [InlineData("creation-not-finished")]
    public Task A_creation_whose_process_dies_is_finished_or_undone_by_the_next_locker(string mutant) =>
        Kill.ByAsync(mutant, () => new Survival(static store => store.CreateAsync("sb", static change => change
            .Put("a.json", "1").Put(StoreRoot.Run, null, "b.json", "1")))
        {
            Before = static store => store.CreateAsync("other", static change => change.Put("a.json", "1")),
        }.RunAsync());

    [Theory]
    [InlineData("removal-leaves-run-root-first")]
    public Task A_removal_whose_process_dies_is_finished_or_undone_by_the_next_locker(string mutant) =>
        Kill.ByAsync(mutant, () =>
            new Survival(static store => store.ChangeAsync("sb", static change => change.RemoveSandbox())).RunAsync());

    [Theory]
    [InlineData("found-segment-not-synced")]
    public Task A_segment_whose_maker_dies_is_named_durably_by_the_next_writer(string mutant) =>
        Kill.ByAsync(mutant, () => new Survival(static store => store.ChangeAsync("sb", static change => change.Put("a.json", "4")))
        {
            Before = static async store =>
            {
                await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
                await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));
                await store.ChangeAsync("sb", static change => change.Put("a.json", "3"));
            },
        }.RunAsync());

    [Theory]
    [InlineData("creation-appears-in-config-root-first")]
    public Task A_new_sandbox_has_its_lock_file_from_the_moment_it_can_be_seen(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        lab.Machine.BeforeChange = (_, _) => Violation.Unless(
            !lab.Visible().ContainsKey("config/sb/") || lab.Visible().ContainsKey("run/sb/"),
            "Other programs see a sandbox that they cannot lock.");
        await store.CreateAsync("sb", static change => change.Put("a.json", "1").Put(StoreRoot.Run, null, "b.json", "1"));
    });
}
