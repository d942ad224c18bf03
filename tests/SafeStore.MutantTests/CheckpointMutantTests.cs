using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of the checkpoint, and of recovery's view of what it leaves.</summary>
public sealed class CheckpointMutantTests
{
    /// <summary>Two sealed segments make a checkpoint due, one of them stays.</summary>
    private static readonly StoreOptions s_longLog = Lab.Options with { LogBytesMax = 2 * Lab.Options.SegmentBytes };

    [Theory]
    [InlineData("checkpoint-without-document-sync")]
    [InlineData("checkpoint-without-directory-sync")]
    [InlineData("checkpoint-without-root-sync")]
    [InlineData("checkpoint-without-trash-sync")]
    [InlineData("watermark-before-syncs")]
    [InlineData("watermark-not-synced")]
    [InlineData("no-watermark")]
    [InlineData("segments-dropped-before-watermark")]
    [InlineData("record-alone-believed")]
    public Task What_is_checkpointed_needs_the_log_no_more(string mutant) =>
        Kill.ByAsync(mutant, () => new Exploring(
            static lab => lab.Store.ChangeAsync("sb", static change => change.Put("a.json", "2").Put("c.json", "2").Delete(StoreRoot.Run, null, "b.json")
                .CreateContainer("web").Put(StoreRoot.Run, "web", "d.json", "2")),
            static lab => lab.Store.CreateAsync("new", static change => change.Put("a.json", "1")),
            static async lab => await lab.Store.CheckpointAsync(),
            static lab => lab.Store.ChangeAsync("sb", static change => change.Put("a.json", "3")),
            static async lab => await lab.Store.CheckpointAsync(),
            static lab => lab.Store.ChangeAsync("sb", static change => change.Put("a.json", "4")),
            static async lab => await lab.Store.CheckpointAsync(),
            static lab => lab.Store.ChangeAsync("sb", static change => change.Put("a.json", "5")))
        {
            Before = static async lab =>
            {
                lab.Store = await lab.OpenAsync();
                await lab.Store.CreateAsync("sb", static change => change.Put("a.json", "1").Put(StoreRoot.Run, null, "b.json", "1"));
                await lab.Store.CheckpointAsync();
            },
        }.RunAsync());

    [Theory]
    [InlineData("some-outlines-believed")]
    public Task What_another_process_has_appended_to_the_same_segment_is_checkpointed_too(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        StateStore other = await lab.OpenAsync("other");
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await store.CheckpointAsync();
        await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));
        await other.ChangeAsync("sb", static change => change.Put("b.json", "2"));
        await store.ChangeAsync("sb", static change => change.Put("a.json", "3"));
        await store.CheckpointAsync();
        lab.Machine.LosePower(keepsUnsynced: false);

        _ = await lab.OpenAsync();
        Violation.Unless(lab.Visible().GetValueOrDefault("config/sb/b.json") == "2", "What was acknowledged is lost.");
    });

    [Theory]
    [InlineData("rewritten-sandbox-left-out")]
    [InlineData("rewritten-directories-left-out")]
    public Task What_a_checkpoint_leaves_to_the_segments_that_stay_survives_every_crash(string mutant) =>
        Kill.ByAsync(mutant, () => new Exploring(
            Tick, // releases one of two sealed segments: the other writes "a" again
            static lab => lab.Store.ChangeAsync("sb", static change => change.Put("a.json", "7")),
            static lab => lab.Store.ChangeAsync("sb", static change => change.Put("a.json", "8")),
            Tick)
        {
            Before = static async lab =>
            {
                SimulatedProcess process = lab.Machine.Start("process");
                lab.Clock = process.Clock;
                lab.Store = await Lab.OpenAsync(process, s_longLog);
                await lab.Store.CreateAsync("sb", static change => change.Put("a.json", "1").Put(StoreRoot.Run, null, "b.json", "1"));
                await lab.Store.ChangeAsync("sb", static change => change.CreateContainer("web").Put(StoreRoot.Run, "web", "d.json", "1"));
                for (int i = 2; i < 7; i++)
                {
                    await lab.Store.ChangeAsync("sb", change => change.Put("a.json", $"{i}"));
                }
            },
        }.RunAsync());

    [Theory]
    [InlineData("rewritten-by-creation")]
    public Task A_container_that_another_program_removed_and_that_was_created_again_has_nothing_of_the_old_one(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        SimulatedProcess process = lab.Machine.Start("process");
        StateStore store = await Lab.OpenAsync(process, s_longLog);
        await store.CreateAsync("sb", static change => change.CreateContainer("web").Put(StoreRoot.Config, "web", "a.json", "1").Put(StoreRoot.Config, "web", "b.json", "1"));
        await store.CreateAsync("busy", static change => change.Put("a.json", "1"));
        await store.CheckpointAsync();
        for (int i = 2; i < 5; i++)
        {
            await store.ChangeAsync("sb", change => change.Put(StoreRoot.Config, "web", "a.json", $"{i}")); // a whole segment
        }

        lab.RemoveDirectory("config/sb", "web");
        lab.RemoveDirectory("run/sb", "web");
        StateStore other = await lab.OpenAsync("other", s_longLog); // which has no handle of what is gone
        await other.ChangeAsync("sb", static change => change.CreateContainer("web").Put(StoreRoot.Config, "web", "a.json", "5"));
        for (int i = 6; i < 10; i++)
        {
            await store.ChangeAsync("busy", change => change.Put("a.json", $"{i}"));
        }

        process.Clock.Advance(TimeSpan.Zero);
        Violation.Unless(store.Statistics.Checkpoints == 2, "The scenario has made no checkpoint.");
        lab.Machine.LosePower(keepsUnsynced: false);

        _ = await lab.OpenAsync();
        Violation.Unless(lab.Visible().GetValueOrDefault("config/sb/web/a.json") == "5", "What was acknowledged is lost.");
        Violation.Unless(!lab.Visible().ContainsKey("config/sb/web/b.json"), "A document of the removed container is back.");
    });

    [Theory]
    [InlineData("updates-need-no-root")]
    public Task A_directory_that_a_locker_has_made_is_durable_with_what_is_in_it(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1").Put(StoreRoot.Run, null, "b.json", "1"));
        await store.CheckpointAsync();
        lab.RemoveDirectory("run", "sb", syncs: true);
        await store.ChangeAsync("sb", static change => change.Put(StoreRoot.Run, null, "b.json", "2"));
        await store.CheckpointAsync();
        lab.Machine.LosePower(keepsUnsynced: false);

        _ = await lab.OpenAsync();
        Violation.Unless(lab.Visible().GetValueOrDefault("run/sb/b.json") == "2", "What was acknowledged is lost.");
    });

    [Theory]
    [InlineData("watermark-not-looked-at")]
    public Task A_segment_that_comes_back_after_it_was_dropped_does_no_harm(string mutant) =>
        Kill.ByAsync(mutant, () => new Exploring(
            static async lab => await lab.Store.CheckpointAsync(),
            static lab => lab.Store.ChangeAsync("sb", static change => change.Put("a.json", "10")),
            static lab => lab.Store.ChangeAsync("sb", static change => change.Put("a.json", "11")),
            static lab => lab.Store.ChangeAsync("sb", static change => change.Put("a.json", "12")),
            static lab => lab.Store.ChangeAsync("sb", static change => change.Put("a.json", "13")))
        {
            Before = static async lab =>
            {
                lab.Store = await lab.OpenAsync();
                await lab.Store.CreateAsync("sb", static change => change.Put("a.json", "0"));
                for (int i = 1; i < 9; i++)
                {
                    await lab.Store.ChangeAsync("sb", change => change.Put("a.json", $"{i}"));
                }
            },
            Samples = 4,
            GoesOn = true,
        }.RunAsync());

    [Theory]
    [InlineData("checkpoint-without-lock-file-sync")]
    public Task The_version_of_a_sandbox_that_was_checkpointed_does_not_go_back(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        lab.Machine.KillAll();
        store = await lab.OpenAsync(); // makes the first version durable in the lock file
        Lsn last = await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));
        await store.CheckpointAsync();
        lab.Machine.LosePower(keepsUnsynced: false);

        StateStore recovered = await lab.OpenAsync();
        Violation.Unless(await recovered.TouchAsync("sb") >= last, "The version has gone back.");
    });

    private static Task Tick(Lab lab)
    {
        lab.Clock!.Advance(TimeSpan.Zero);
        return Task.CompletedTask;
    }
}
