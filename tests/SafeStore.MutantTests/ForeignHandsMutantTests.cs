using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>
/// Mutants of what is done about changes that other programs make below a living process, and about a lock that holds no longer.
/// </summary>
public sealed class ForeignHandsMutantTests
{
    [Theory]
    [InlineData("replaced-anchor-not-noticed-before-append")]
    public Task A_process_does_not_write_to_a_log_whose_lock_was_replaced(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        foreach (string name in new[] { "store.json", "words" })
        {
            var lab = new Lab();
            StateStore store = await lab.OpenAsync();
            await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
            lab.ReplaceByCopy(MetadataOf(name), name);
            bool hasWritten = false;
            lab.Machine.BeforeChange = (call, write) =>
                hasWritten |= write is not null && call.Path.Contains("/log/", StringComparison.Ordinal);

            Exception? failure = await Record.ExceptionAsync(() => store.ChangeAsync("sb", static change => change.Put("a.json", "2")));
            Violation.Unless(failure is StoreFaultedException, $"The store is not faulted although {name} was replaced: {failure}");
            Violation.Unless(!hasWritten, $"It has written to the log although {name} was replaced.");
        }
    });

    [Theory]
    [InlineData("replaced-anchor-not-noticed-after-sync")]
    public Task A_process_acknowledges_nothing_that_a_later_opener_would_not_find(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        foreach (string name in new[] { "store.json", "words" })
        {
            var lab = new Lab();
            StateStore store = await lab.OpenAsync();
            await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
            lab.Machine.BeforeChange = (call, _) =>
            {
                if (call.Operation == Operation.SyncData && call.Path.Contains("/log/", StringComparison.Ordinal))
                {
                    lab.Machine.BeforeChange = null;
                    lab.ReplaceByCopy(MetadataOf(name), name);
                }
            };

            Exception? failure = await Record.ExceptionAsync(() => store.ChangeAsync("sb", static change => change.Put("a.json", "2")));
            Violation.Unless(failure is StoreFaultedException, $"It was acknowledged although {name} was replaced: {failure}");
        }
    });

    [Theory]
    [InlineData("replaced-anchor-not-noticed-by-opener")]
    public Task An_opener_does_not_hold_locks_of_a_file_that_was_replaced_while_it_waited(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            foreach (string name in new[] { "store.json", "words" })
            {
                var lab = new Lab();
                StateStore store = await lab.OpenAsync();
                await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
                lab.Machine.KillAll();
                lab.Machine.BeforeCall = (process, operation) =>
                {
                    if (process.Name == "opener" && operation == Operation.TryLock)
                    {
                        lab.Machine.BeforeCall = null;
                        lab.ReplaceByCopy(MetadataOf(name), name);
                    }
                };

                Exception? failure = await Record.ExceptionAsync(async () => await lab.OpenAsync("opener"));
                Violation.Unless(failure is StoreMetadataException, $"It opens although {name} was replaced: {failure}");
                _ = await lab.OpenAsync("next opener");
            }
        });

    [Theory]
    [InlineData("emptied-across-mounts")]
    public Task What_another_program_has_mounted_in_a_scratch_directory_is_not_emptied(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            const string Precious = "/store/run/foreign/precious";
            var lab = new Lab();
            StateStore store = await lab.OpenAsync();
            await store.DisposeAsync();
            string scratch = $"config/.safestore/scratch/{lab.Scratches("config")[0]}";
            lab.MakeDirectory(scratch, "left");
            lab.MakeDirectory("run", "foreign");
            lab.WriteFile(Precious, "1");
            lab.Machine.BindMount("/store/run/foreign", $"/store/{scratch}/left");

            await using StateStore next = await lab.OpenAsync();
            Violation.Unless(lab.Paths("/store/run/foreign/").Contains(Precious), "What is mounted there was emptied.");
        });

    [Theory]
    [InlineData("spent-lock-commits")]
    public Task After_a_transaction_that_was_not_wholly_published_its_lock_commits_no_more(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            var lab = new Lab();
            StateStore store = await lab.OpenAsync();
            await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
            await using (SandboxLock held = await store.LockAsync("sb"))
            {
                lab.Machine.Faults = FaultPlan.Fail(Operation.Exchange, "*", Errno.InputOutput);
                await Assert.ThrowsAsync<CommitNotPublishedException>(() => held.Change().Put("a.json", "2").CommitAsync().AsTask());
                lab.Machine.Faults = new FaultPlan();
                Exception? failure = await Record.ExceptionAsync(() => held.Change().Put("b.json", "3").CommitAsync().AsTask());
                Violation.Unless(
                    failure is InvalidOperationException,
                    $"A transaction that builds on what was read before the last one is committed: {failure}");
            }

            await store.TouchAsync("sb");
            Violation.Unless(lab.Visible()["config/sb/a.json"] == "2", "The next locker has not finished the transaction.");
        });

    [Theory]
    [InlineData("removal-without-lock-check")]
    public Task A_holder_whose_lock_file_is_gone_does_not_remove_the_sandbox_that_was_made_since(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            var lab = new Lab();
            StateStore store = await lab.OpenAsync();
            StateStore other = await lab.OpenAsync("other");
            await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
            await using SandboxLock held = await store.LockAsync("sb");
            lab.RemoveDirectory("config", "sb");
            lab.RemoveDirectory("run", "sb");
            await other.CreateAsync("sb", static change => change.Put("a.json", "2"));

            Exception? failure = await Record.ExceptionAsync(() => held.Change().RemoveSandbox().CommitAsync().AsTask());
            Violation.Unless(failure is NotFoundException, $"The removal is not refused: {failure}");
            Violation.Unless(lab.Visible().GetValueOrDefault("config/sb/a.json") == "2", "What another process has made since is gone.");
        });

    [Theory]
    [InlineData("mount-in-removed-not-refused")]
    public Task A_sandbox_in_which_another_program_has_mounted_something_is_not_removed(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            var lab = new Lab();
            StateStore store = await lab.OpenAsync();
            await store.CreateAsync("sb", static change => change.Put("a.json", "1").CreateContainer("web"));
            lab.MakeDirectory("run", "foreign");
            lab.Machine.BindMount("/store/run/foreign", "/store/config/sb/web");

            Exception? failure = await Record.ExceptionAsync(() => store.ChangeAsync("sb", static change => change.RemoveSandbox()));
            Violation.Unless(failure is StorageException { Errno: Errno.Busy }, $"The removal is not refused: {failure}");
            Violation.Unless(lab.Visible().GetValueOrDefault("config/sb/a.json") == "1", "Its removal was refused, and it is gone.");
        });

    [Theory]
    [InlineData("change-below-mount-not-refused")]
    public Task What_could_not_be_renamed_to_its_place_does_not_get_into_the_log(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put(StoreRoot.Run, null, "b.json", "1"));
        await store.CheckpointAsync(); // or the next locker would find the creation in the log, and could not finish it
        lab.MakeDirectory("config", "foreign");
        lab.Machine.BindMount("/store/config/foreign", "/store/run/sb");

        await RefuseAsync(lab, () => store.ChangeAsync("sb", static change => change.Put(StoreRoot.Run, null, "b.json", "2")));
    });

    [Theory]
    [InlineData("unchecked-before-append")]
    public Task What_could_never_be_published_does_not_get_into_the_log(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        lab.MakeDirectory("config/sb", "b.json");

        await RefuseAsync(lab, () => store.ChangeAsync("sb", static change => change.Put("b.json", "1")));
    });

    private static async Task RefuseAsync(Lab lab, Func<Task> change)
    {
        bool hasWritten = false;
        lab.Machine.BeforeChange = (call, write) =>
            hasWritten |= write is not null && call.Path.Contains("/log/", StringComparison.Ordinal);
        Exception? failure = await Record.ExceptionAsync(change);
        Violation.Unless(!hasWritten, $"It is in the log: {failure?.Message}");
        Violation.Unless(failure is StorageException, $"It is not refused: {failure}");
    }

    private static string MetadataOf(string name) => name == "words" ? "/store/run/.safestore" : "/store/config/.safestore";
}
