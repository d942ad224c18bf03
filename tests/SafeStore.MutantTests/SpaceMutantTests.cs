using System;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of what is done when a disk is full.</summary>
public sealed class SpaceMutantTests
{
    [Theory]
    [InlineData("no-space-faults")]
    public Task A_commit_that_finds_no_space_before_a_byte_was_written_faults_nothing(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            var lab = new Lab();
            StateStore store = await lab.OpenAsync();
            StateStore other = await lab.OpenAsync("other");
            await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
            await FailAsync(lab, store, new CallFails(Errno.NoSpace));
            Violation.Unless(!store.IsFaulted && !other.IsFaulted, "The store is faulted.");

            await other.ChangeAsync("sb", static change => change.Put("a.json", "3"));
            lab.Machine.LosePower(keepsUnsynced: false);
            _ = await lab.OpenAsync();
            Violation.Unless(lab.Visible()["config/sb/a.json"] == "3", "What was acknowledged is lost.");
        });

    [Theory]
    [InlineData("no-space-believed")]
    public Task A_commit_that_found_no_space_does_not_come_back_although_the_disk_has_taken_its_record(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            var lab = new Lab();
            StateStore store = await lab.OpenAsync();
            await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
            await FailAsync(lab, store, new CallDoneButFails(Errno.NoSpace), times: 1);
            lab.Machine.KillAll();

            _ = await lab.OpenAsync();
            Violation.Unless(lab.Visible()["config/sb/a.json"] == "1", "It has come back.");
        });

    [Theory]
    [InlineData("watermark-no-space-faults")]
    public Task A_checkpoint_that_finds_no_space_for_its_watermark_faults_nothing(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        lab.Machine.Faults = FaultPlan.Fail(Operation.Write, "*/watermark.*", Errno.NoSpace);
        Exception? failure = await Record.ExceptionAsync(async () => await store.CheckpointAsync());
        Violation.Unless(failure is StorageException { Errno: Errno.NoSpace }, $"The checkpoint does not say so: {failure}");
        Violation.Unless(!store.IsFaulted, "The store is faulted.");
        await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));
        await store.CheckpointAsync();
    });

    private static async Task FailAsync(Lab lab, StateStore store, SimulatedFault fault, int times = int.MaxValue)
    {
        lab.Machine.Faults = new FaultPlan()
            .Add(new FaultRule { Times = times, Operations = [Operation.Write], Path = "*/log/*", Fault = fault });
        Exception? failure = await Record.ExceptionAsync(() => store.ChangeAsync("sb", static change => change.Put("a.json", "2")));
        lab.Machine.Faults = new FaultPlan();
        Violation.Unless(failure is StorageException { Errno: Errno.NoSpace }, $"The commit does not say so: {failure}");
    }
}
