using System.Collections.Generic;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of creations, which are staged beside the append of their record.</summary>
public sealed class CreationMutantTests
{
    [Theory]
    [InlineData("new-removed-before-published")]
    public Task A_creation_that_cannot_be_finished_now_is_finished_later(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore dying = await lab.OpenAsync("dying");
        StateStore other = await lab.OpenAsync("other");
        lab.Machine.Faults = new FaultPlan()
            .Add(new FaultRule { Process = "dying", Operations = [Operation.CreateFile], Path = "*/new/*", Fault = new ProcessKilled() });
        _ = await Record.ExceptionAsync(() => dying.CreateAsync("sb", static change => change.Put("a.json", "1")));
        lab.Machine.Faults = FaultPlan.Fail(Operation.MakeDirectory, "*/scratch/*", Errno.NoSpace);
        await Assert.ThrowsAsync<StorageException>(() => other.TouchAsync("sb"));
        lab.Machine.Faults = new FaultPlan();
        _ = await other.CheckpointAsync();

        Violation.Unless(lab.Visible().GetValueOrDefault("config/sb/a.json") == "1", "The creation was in the log, and is lost.");
    });

    [Theory]
    [InlineData("staged-creation-not-revoked")]
    public Task A_creation_that_could_not_be_staged_does_not_come_back_after_a_kill(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            Lab lab = await FailToStageAsync();
            lab.Machine.KillAll();

            _ = await lab.OpenAsync();
            Violation.Unless(!lab.Visible().ContainsKey("run/sb/"), "It has come back.");
        });

    [Theory]
    [InlineData("revocation-not-synced")]
    public Task Nor_does_it_after_a_power_loss(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        Lab lab = await FailToStageAsync();
        lab.Machine.LosePower(keepsUnsynced: false);

        _ = await lab.OpenAsync();
        Violation.Unless(!lab.Visible().ContainsKey("run/sb/"), "It has come back.");
    });

    private static async Task<Lab> FailToStageAsync()
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        lab.Machine.Faults = FaultPlan.Fail(Operation.CreateFile, "*/new/sb/*", Errno.NoSpace);
        StorageException failure = await Assert.ThrowsAsync<StorageException>(() =>
            store.CreateAsync("sb", static change => change.Put("a.json", "1").Put(StoreRoot.Run, null, "b.json", "1")));
        Assert.Equal(Errno.NoSpace, failure.Errno);
        lab.Machine.Faults = new FaultPlan();
        return lab;
    }
}
