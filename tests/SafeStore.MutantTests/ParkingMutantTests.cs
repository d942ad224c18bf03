using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of what is done about transactions that cannot be applied, and what another program has written.</summary>
public sealed class ParkingMutantTests
{
    private const string Document = "/store/config/sb/a.json";

    [Theory]
    [InlineData("parked-file-not-synced")]
    public Task What_is_parked_outlives_a_power_loss(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        _ = await ParkAsync(lab);
        lab.Machine.LosePower(keepsUnsynced: false);

        _ = await lab.OpenAsync();
        AssertSays(lab, "2");
    });

    [Theory]
    [InlineData("parked-after-later-records")]
    public Task What_is_parked_comes_before_what_was_committed_since(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await ParkAsync(lab);
        lab.Machine.Unmount(Document);
        await store.ChangeAsync("sb", static change => change.Put("a.json", "3"));
        lab.Machine.KillAll();

        _ = await lab.OpenAsync();
        AssertSays(lab, "3");
    });

    [Theory]
    [InlineData("parked-dropped-without-sync")]
    public Task What_was_parked_and_is_applied_needs_its_file_no_more(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await ParkAsync(lab);
        lab.Machine.Unmount(Document);
        Lsn version = await store.TouchAsync("sb");
        await store.CheckpointAsync();
        lab.Machine.LosePower(keepsUnsynced: false);

        store = await lab.OpenAsync();
        AssertSays(lab, "2");
        Violation.Unless(await store.TouchAsync("sb") >= version, "The version has gone back.");
        Violation.Unless(!lab.Paths("/store/config/.safestore/parked/").Any(), "The parked file is still there.");
    });

    [Theory]
    [InlineData("parked-file-removed-before-watermark")]
    public Task The_file_of_what_was_parked_stays_while_the_watermark_names_it(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await ParkAsync(lab);
        lab.Machine.Unmount(Document);
        Lsn version = await store.TouchAsync("sb");
        lab.Machine.Faults = new FaultPlan()
            .Add(new FaultRule { Operations = [Operation.Write], Path = "*/config/.safestore/watermark.*", Fault = new ProcessKilled() });
        _ = await Record.ExceptionAsync(async () => await store.CheckpointAsync());
        lab.Machine.Faults = new FaultPlan();
        Violation.Unless(lab.Paths("/store/config/.safestore/parked/").Any(), "The watermark names a file that is gone.");
        lab.Machine.LosePower(keepsUnsynced: false);

        store = await lab.OpenAsync();
        AssertSays(lab, "2");
        Violation.Unless(await store.TouchAsync("sb") >= version, "The version has gone back.");
    });

    [Theory]
    [InlineData("locker-ignores-parked")]
    public Task The_next_locker_applies_what_is_parked(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await ParkAsync(lab);
        lab.Machine.Unmount(Document);

        _ = await store.TouchAsync("sb");
        AssertSays(lab, "2");
    });

    [Theory]
    [InlineData("checkpoint-syncs-mounted")]
    public Task A_document_that_is_hidden_under_a_mount_during_a_checkpoint_is_not_lost(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            var lab = new Lab();
            StateStore store = await lab.OpenAsync();
            await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
            await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));
            lab.WriteFile("/store/config/foreign", "\"foreign\"");
            lab.Machine.BindMount("/store/config/foreign", Document);
            await store.CheckpointAsync();
            await store.ChangeAsync("sb", static change => change.Put("b.json", "3"));
            await store.CheckpointAsync();
            lab.Machine.LosePower(keepsUnsynced: false);

            _ = await lab.OpenAsync();
            AssertSays(lab, "2");
            Violation.Unless(lab.Visible().GetValueOrDefault("config/sb/b.json") == "3", "What was committed beside it is gone.");
        });

    [Theory]
    [InlineData("overruled-deleted")]
    public Task What_another_program_has_written_after_a_kill_is_kept(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "200"));
        lab.Machine.KillAll();
        lab.Machine.Start("other program").Clock.Advance(TimeSpan.FromSeconds(1));
        lab.WriteFile(Document, "205");

        _ = await lab.OpenAsync();
        AssertSays(lab, "200");
        Violation.Unless(
            lab.Paths("/store/config/.safestore/overruled/sb/").Any(path => lab.TextOf(path) == "205"), "What it has written is gone.");
    });

    [Theory]
    [InlineData("disk-error-parked")]
    public Task What_the_disk_refuses_is_not_parked(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));
        lab.Machine.KillAll();
        lab.Machine.Faults = new FaultPlan()
            .Add(new FaultRule
            {
                Times = int.MaxValue,
                Operations = [Operation.CreateFile],
                Path = "*/scratch/*",
                Fault = new CallFails(Errno.InputOutput)
            });
        Exception? failure = await Record.ExceptionAsync(async () => await lab.OpenAsync());
        Violation.Unless(
            failure is StorageException { Errno: Errno.InputOutput }, $"A store opens whose disk cannot be written: {failure}");
        lab.Machine.Faults = new FaultPlan();

        _ = await lab.OpenAsync();
        AssertSays(lab, "2");
    });

    [Theory]
    [InlineData("log-without-limit")]
    public Task A_holder_that_is_stopped_before_it_publishes_does_not_let_the_log_grow_without_end(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            const int CommitsMax = 100;
            StoreOptions options = Lab.Options with { LogBytesMax = 2 * Lab.Options.SegmentBytes };
            var lab = new Lab();
            StateStore stopped = await lab.OpenAsync("stopped", options);
            StateStore other = await lab.OpenAsync("other", options);
            await other.CreateAsync("sb", static change => change.Put("a.json", "1"));
            await other.CreateAsync("busy", static change => change.Put("a.json", "0"));
            SandboxLock held = await stopped.LockAsync("sb");
            lab.Machine.Faults = FaultPlan.Fail(Operation.Exchange, "*", Errno.InputOutput);
            await Assert.ThrowsAsync<CommitNotPublishedException>(() => held.Change().Put("a.json", "2").CommitAsync().AsTask());
            lab.Machine.Faults = new FaultPlan();

            Exception? refused = null;
            for (int i = 1; i <= CommitsMax && refused is null; i++)
            {
                refused = await Record.ExceptionAsync(() => other.ChangeAsync("busy", change => change.Put("a.json", $"{i}")));
            }

            Violation.Unless(refused is LogFullException, $"The log grows: {refused}");
            await held.DisposeAsync();
            await other.ChangeAsync("busy", static change => change.Put("a.json", "-1"));
            AssertSays(lab, "2");
        });

    /// <summary>
    /// A process dies between append and publish, another program mounts something on the document, and a checkpoint of another process
    /// parks the transaction.
    /// </summary>
    private static async Task<StateStore> ParkAsync(Lab lab)
    {
        StateStore dying = await lab.OpenAsync("dying");
        StateStore other = await lab.OpenAsync("other");
        await other.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await other.CheckpointAsync();
        lab.Machine.Faults = new FaultPlan()
            .Add(new FaultRule { Process = "dying", Operations = [Operation.Exchange], Fault = new ProcessKilled() });
        _ = await Record.ExceptionAsync(() => dying.ChangeAsync("sb", static change => change.Put("a.json", "2")));
        lab.Machine.Faults = new FaultPlan();
        lab.WriteFile("/store/config/foreign", "\"foreign\"");
        lab.Machine.BindMount("/store/config/foreign", Document);
        await other.CheckpointAsync();
        Exception? failure = await Record.ExceptionAsync(() => other.TouchAsync("sb"));
        Violation.Unless(failure is StorageException { Errno: Errno.Busy }, $"A locker passes over what is parked: {failure}");
        Assert.Contains("/store/config/.safestore/parked/sb", lab.Paths("/store/config/.safestore/parked/"));
        return other;
    }

    private static void AssertSays(Lab lab, string value)
    {
        string? found = lab.Visible().GetValueOrDefault("config/sb/a.json");
        Violation.Unless(found == value, $"The document says {found ?? "nothing"}, not {value}.");
    }
}
