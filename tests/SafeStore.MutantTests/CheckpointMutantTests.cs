using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of the checkpoint, and of recovery's view of what it leaves.</summary>
public sealed class CheckpointMutantTests
{
    [Theory]
    [InlineData("checkpoint-without-document-sync")]
    [InlineData("checkpoint-without-directory-sync")]
    [InlineData("checkpoint-without-root-sync")]
    [InlineData("checkpoint-without-scratch-sync")]
    [InlineData("watermark-before-syncs")]
    [InlineData("watermark-not-synced")]
    [InlineData("config-watermark-first")]
    [InlineData("no-watermark")]
    [InlineData("segments-dropped-before-watermark")]
    [InlineData("record-alone-believed")]
    public Task What_is_checkpointed_needs_the_log_no_more(string mutant) =>
        Kill.ByAsync(mutant, () => new Exploring(
            static lab => lab.Store.ChangeAsync("sb", static change => change
                .Put("a.json", "2").Put("c.json", "2").Remove(StoreRoot.Run, null, "b.json")
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
    [InlineData("known-records-taken-for-all")]
    public Task What_another_process_has_appended_to_the_same_segment_is_checkpointed_too(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
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
    [InlineData("unresolvable-ends-checkpoint")]
    public Task A_sandbox_that_cannot_be_resolved_does_not_keep_older_segments(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore dying = await lab.OpenAsync("dying");
        StateStore other = await lab.OpenAsync("other");
        await other.CreateAsync("busy", static change => change.Put("a.json", "1"));
        await other.CreateAsync("sb", static change => change.Put("a.json", "1"));
        Lsn last = await other.ChangeAsync("busy", static change => change.Put("a.json", "2")); // a whole segment
        lab.Machine.Faults = new FaultPlan()
            .Add(new FaultRule { Process = "dying", Operations = [Operation.Exchange], Fault = new ProcessKilled() });
        _ = await Record.ExceptionAsync(() => dying.ChangeAsync("sb", static change => change.Put("a.json", "2")));
        lab.Machine.Faults = new FaultPlan()
            .Add(new FaultRule
            {
                Times = int.MaxValue,
                Operations = [Operation.CreateFile],
                Path = "*/scratch/*",
                Fault = new CallFails(Errno.QuotaExceeded)
            });

        Lsn? mark = null;
        Exception? failure = await Record.ExceptionAsync(async () => mark = await other.CheckpointAsync());
        Violation.Unless(failure is null && mark >= last, $"The checkpoint stands at {mark}: {failure?.Message}");
    });

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
}
