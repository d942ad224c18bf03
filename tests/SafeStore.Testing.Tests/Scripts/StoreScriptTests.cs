using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.Testing.Stores;
using Xunit;

namespace SafeStore.Testing.Tests.Scripts;

/// <summary>Two processes that have one store open: one is killed, or pauses, anywhere in a transaction, and the other goes on.</summary>
public sealed class StoreScriptTests(ITestOutputHelper output)
{
    private const string First = "p";
    private const string Second = "q";
    private const string Document = "value.json";

    private readonly StoreWorkload _workload = StoreWorkload.On(PersistenceProfile.Strict);
    [Fact]
    public async Task A_process_that_is_killed_anywhere_leaves_a_store_that_another_goes_on_with()
    {
        MachineScript script = WithTwoProcesses();
        script.Process("first").Run("commits", step => CommitAsync(step, First)).KillAtAnyCall();
        script.Process("second").Run("commits", step => CommitAsync(step, Second));
        script.Process("second").Run("reads the other's", step => LookAsync(step, First));
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
            await ChangeAsync(step.Kept<StateStore>(), 2, sandbox);
        }
        catch (LockTimeoutException)
        {
            return; // the one that pauses may hold what all need: the log, or the sandbox's name
        }

        step.Acknowledge(sandbox);
    }

    /// <summary>Locks a sandbox, so that what a dead process has left of it is finished or taken back, and says what is there.</summary>
    private static async ValueTask LookAsync(StepContext step, string sandbox)
    {
        StateStore store = step.Kept<StateStore>();
        await using SandboxLock held = await store.LockAsync(sandbox);
        if (ValueOf(store, sandbox) == 2)
        {
            step.Acknowledge(sandbox); // it was seen
        }
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
                await ChangeAsync(store, 1, First, Second);
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
        foreach (string sandbox in new[] { First, Second })
        {
            int value = ValueOf(store, sandbox);
            if (value != 2 && state.Acknowledged.Contains(sandbox))
            {
                throw new InvalidDataException($"The change of {sandbox} was acknowledged and is lost.");
            }

            if (value != 1 && !state.Begun.Contains(sandbox))
            {
                throw new InvalidDataException($"The change of {sandbox} was never begun and is there.");
            }
        }
    }

    private static async Task ChangeAsync(StateStore store, int value, params string[] sandboxes)
    {
        await using SandboxLocks locks =
            await store.LockManyAsync(sandboxes.Select(sandbox => new SandboxTarget(sandbox, IsNew: value == 1)));
        Transaction transaction = locks.Change();
        foreach (string sandbox in sandboxes)
        {
            foreach (StoreRoot root in Enum.GetValues<StoreRoot>())
            {
                transaction.For(sandbox)
                    .PutJson(root, null, Document, Encoding.UTF8.GetBytes(value.ToString(CultureInfo.InvariantCulture)));
            }
        }

        _ = await transaction.CommitAsync();
    }

    /// <summary>What both documents of a sandbox say.</summary>
    private static int ValueOf(StateStore store, string sandbox)
    {
        int[] values = [.. Enum.GetValues<StoreRoot>().Select(root =>
            int.Parse(Encoding.UTF8.GetString(store.ReadJson(new DocumentId(sandbox, null, root, Document))!),
                CultureInfo.InvariantCulture))];
        return values.Distinct().Count() == 1 ? values[0]
            : throw new InvalidDataException($"The documents of {sandbox} are of different transactions.");
    }
}
