using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of the watermarks and of what tells roots, log and words that are of different times.</summary>
public sealed class CopyMutantTests
{
    private const string RunMetadata = "/store/run/.safestore";

    /// <summary>The states are longer than a sector, so that a power loss tears them.</summary>
    [Theory]
    [InlineData("watermark-files-not-in-turn")]
    [InlineData("newer-watermark-not-synced")]
    public Task A_watermark_is_what_was_written_last_or_before_whenever_the_machine_stops(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            var explorer =
                new CrashExplorer(new CrashExplorerOptions { ExhaustiveMax = 12, Samples = 4, NestedEvery = 64, ShrinksMax = 0 });
            CrashReport report = await explorer.ExploreAsync(
                static run =>
                {
                    WatermarkOf(run.Machine, "first").Restore(StateAt(1), AtomicFile.DefaultMode);
                    run.Acknowledge(1);
                    run.Begin(2);
                    WatermarkOf(run.Machine, "first").Write(StateAt(2));
                    run.Acknowledge(2);
                    run.Begin(3);
                    WatermarkOf(run.Machine, "first").Write(StateAt(3));
                    run.Acknowledge(3);
                    run.Begin(4);
                    DieBeforeSync(run.Machine, 4);
                    run.Begin(5);
                    WatermarkOf(run.Machine, "opener").Harden();
                    WatermarkOf(run.Machine, "opener").Restore(StateAt(5), AtomicFile.DefaultMode);
                    run.Acknowledge(5);
                    return ValueTask.CompletedTask;
                },
                static state =>
                {
                    long least = state.Acknowledged.Append(0L).Max(static number => Convert.ToInt64(number, CultureInfo.InvariantCulture));
                    long found = WatermarkOf(state.Machine, "looks").Read()?.Lsn.Value ?? 0;
                    Violation.Unless(found >= least, $"The watermark stands at {found}, and stood at {least}.");
                    return ValueTask.CompletedTask;
                });
            foreach (CrashViolation violation in report.Violations)
            {
                throw new Violation(violation.Failure.Message, violation.Failure);
            }
        });

    [Theory]
    [InlineData("lives-not-compared")]
    public Task A_root_of_another_life_is_noticed(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await store.DisposeAsync();
        Dictionary<string, byte[]> saved = lab.Save(RunMetadata, "watermark.");
        await (await lab.OpenAsync()).DisposeAsync();
        lab.Restore(RunMetadata, saved);

        Violation.Unless(await Record.ExceptionAsync(async () => await lab.OpenAsync()) is StoreMetadataException, "It opens.");
    });

    [Theory]
    [InlineData("older-run-root-not-noticed")]
    public Task A_run_root_from_before_a_checkpoint_is_noticed(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        Dictionary<string, byte[]> saved = lab.Save(RunMetadata, "watermark.");
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await store.CheckpointAsync();
        lab.Machine.KillAll();
        lab.Restore(RunMetadata, saved);

        Violation.Unless(await Record.ExceptionAsync(async () => await lab.OpenAsync()) is StoreMetadataException, "It opens.");
    });

    [Theory]
    [InlineData("lock-word-above-the-log")]
    public Task An_opening_that_misses_a_record_which_a_lock_word_knows_is_refused(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        lab.Machine.Faults = FaultPlan.Fail(Operation.Write, "*/words", Errno.InputOutput); // it cannot say what it has synced
        await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));
        await LoseLastRecordAsync(lab);
    });

    [Theory]
    [InlineData("shared-word-above-the-log")]
    public Task An_opening_that_misses_a_record_which_the_shared_words_know_is_refused(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            var lab = new Lab();
            StateStore store = await lab.OpenAsync();
            await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
            await store.ChangeAsync("sb", static change => change.RemoveSandbox()); // its lock word is gone with it
            await LoseLastRecordAsync(lab);
        });

    /// <summary>Nothing of the sandbox is in the log any more that recovery could compare with its word.</summary>
    [Theory]
    [InlineData("locked-word-above-the-log")]
    public Task A_lock_whose_word_knows_a_record_that_was_lost_says_so(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await store.CheckpointAsync();
        lab.Machine.Faults = FaultPlan.Fail(Operation.Write, "*/words", Errno.InputOutput); // it cannot say what it has synced
        await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));
        lab.Machine.Faults = new FaultPlan();
        lab.Machine.KillAll();
        lab.DamageRecord(1, firstLsn: 2);
        StateStore again = await lab.OpenAsync();
        Violation.Unless(
            await Record.ExceptionAsync(async () => await again.LockAsync("sb")) is LogCorruptException, "The sandbox is locked.");
    });

    [Theory]
    [InlineData("locked-word-above-the-known-end")]
    public Task A_lock_whose_word_knows_a_record_of_another_process_is_taken(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        StateStore other = await lab.OpenAsync("other");
        lab.Machine.Faults = FaultPlan.Fail(Operation.Write, "*/words", Errno.InputOutput); // it cannot say what it has synced
        Lsn changed = await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));
        lab.Machine.Faults = new FaultPlan();
        Exception? refused = await Record.ExceptionAsync(async () =>
        {
            await using SandboxLock held = await other.LockAsync("sb");
            Violation.Unless(held.Version == changed, "The version is another one.");
        });
        Violation.Unless(refused is not LogCorruptException, "The log counts as damaged.");
    });

    private static async Task LoseLastRecordAsync(Lab lab)
    {
        lab.Machine.Faults = new FaultPlan();
        lab.Machine.KillAll();
        lab.DamageRecord(2);
        Violation.Unless(await Record.ExceptionAsync(async () => await lab.OpenAsync()) is LogCorruptException, "It opens.");
    }

    private static WatermarkState StateAt(long lsn) => new(
        new Lsn(lsn), new LifeId(1, new Guid(1, 2, 3, new byte[8])), null,
        [.. Enumerable.Range(0, 20).Select(number => new ParkedEntry(new string('s', 100), new Lsn(lsn), (ulong)number))]);

    private static Watermark WatermarkOf(SimulatedMachine machine, string process)
    {
        SimulatedFileSystem fs = machine.Start(process).FileSystem;
        Assert.Equal(Errno.None, fs.OpenRoot("/", out DirectoryHandle? root));
        return new Watermark(fs, root!);
    }

    private static void DieBeforeSync(SimulatedMachine machine, long lsn)
    {
        // It makes the newest, in the other file, durable first.
        machine.Faults = new FaultPlan().Add(
            new FaultRule { Operations = [Operation.SyncData], Path = "*/watermark.1", Fault = new ProcessKilled() });
        _ = Record.Exception(() => WatermarkOf(machine, "dies").Write(StateAt(lsn)));
        machine.Faults = new FaultPlan();
    }
}
