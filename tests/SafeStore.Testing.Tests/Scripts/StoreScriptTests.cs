using System.Threading.Tasks;
using SafeStore.Testing.Stores;
using Xunit;

namespace SafeStore.Testing.Tests.Scripts;

/// <summary>Two processes that have one store open: one is killed, or pauses, anywhere in a transaction, and the other goes on.</summary>
public sealed class StoreScriptTests(ITestOutputHelper output)
{
    private const string First = "p";
    private const string Second = "q";

    private readonly StoreWorkload _workload = StoreWorkload.On(PersistenceProfile.Strict);

    [Fact]
    public async Task A_process_that_is_killed_anywhere_leaves_a_store_that_another_goes_on_with()
    {
        MachineScript script = WithTwoProcesses();
        script.Process("first").Run("commits", step => CommitAsync(step, First)).KillAtAnyCall();
        script.Process("second").Run("commits", step => CommitAsync(step, Second));
        script.Process("second").Run("reads the other's", step => NumberedSandboxes.LookAsync(step, First));
        await ExploreAsync(script);
    }

    [Fact]
    public async Task A_process_that_pauses_anywhere_lets_another_commit_to_its_own_sandbox()
    {
        MachineScript script = WithTwoProcesses();
        script.Process("first").Run("commits", step => CommitAsync(step, First))
            .PauseAtAnyCall(others => others.Process("second").Run("commits", step => CommitAsync(step, Second)));
        await ExploreAsync(script);
    }

    private MachineScript WithTwoProcesses()
    {
        var script = new MachineScript();
        foreach (string name in new[] { "first", "second" })
        {
            script.Process(name).Run("opens", async step => step.Keep(await _workload.Invariants.OpenAsync(step.Process)));
        }

        return script;
    }

    private static async ValueTask CommitAsync(StepContext step, string sandbox)
    {
        step.Begin(sandbox);
        try
        {
            await NumberedSandboxes.ChangeAsync(step.Kept<StateStore>(), 2, sandbox);
        }
        catch (LockTimeoutException)
        {
            return; // the one that pauses may hold what all need: the log, or the sandbox's name
        }

        step.Acknowledge(sandbox);
    }

    private async Task ExploreAsync(MachineScript script)
    {
        CrashReport report = await new CrashExplorer(new CrashExplorerOptions
        {
            ScriptRunsMax = 16,
            ExhaustiveMax = 4,
            Samples = 2,
            NestedEvery = 256,
            Prepare = async run =>
            {
                StateStore store = await _workload.Invariants.OpenAsync(run.Process);
                await NumberedSandboxes.ChangeAsync(store, 1, First, Second);
                await store.DisposeAsync();
            },
        }).ExploreScriptAsync(script, CheckAsync, TestContext.Current.CancellationToken);
        output.WriteLine(report.ToString());
        report.ThrowIfViolated();
        Assert.True(report is { Runs: > 10, PowerLossStates: > 100 }, report.ToString());
    }

    private async ValueTask CheckAsync(CrashState state)
    {
        StateStore store = await _workload.Invariants.RecoverAsync(state);
        NumberedSandboxes.Check(store, First, state);
        NumberedSandboxes.Check(store, Second, state);
    }
}
