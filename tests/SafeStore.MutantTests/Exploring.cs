using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Testing;

namespace SafeStore.MutantTests;

/// <summary>
/// Runs steps on a store under the explorer: after every crash the store must be recovered to what was visible after the last step that
/// ended, or after the one that was under way, with nothing half made lying around.
/// </summary>
internal sealed class Exploring(params Func<Lab, Task>[] steps)
{
    private static readonly StoreInvariants s_invariants = new(Lab.Layout, Lab.Options);

    private List<SortedDictionary<string, string>> _states = [];

    /// <summary>What is done before the steps; what a crash in it leaves is not looked at.</summary>
    public Func<Lab, Task>? Before { get; init; }

    /// <summary>How many power losses are drawn at each call, besides those that lose all, nothing, or one thing.</summary>
    public int Samples { get; init; } = 2;

    /// <summary>Of how many recoveries one is crashed too.</summary>
    public int NestedEvery { get; init; } = 64;

    /// <summary>Whether the power goes again, and takes all that is not synced, after recovery and a few more transactions.</summary>
    public bool GoesOn { get; init; }

    /// <exception cref="Violation">What was found after one of the crashes is not what must be.</exception>
    public async Task RunAsync()
    {
        using (Mutant.Activate("none"))
        {
            _states = [];
            await PerformAsync(new Lab(), _ => { }, () => { }, _states.Add);
        }

        var options = new CrashExplorerOptions { ExhaustiveMax = 12, Samples = Samples, NestedEvery = NestedEvery, ShrinksMax = 0 };
        var explorer = new CrashExplorer(options);
        CrashReport report = await explorer.ExploreAsync(
            async run =>
            {
                int step = 0;
                await PerformAsync(new Lab(run.Machine), number => run.Begin(number), () => run.Acknowledge(step++), static _ => { });
            },
            CheckAsync);
        foreach (CrashViolation violation in report.Violations)
        {
            throw violation.Failure is Violation or SafeStoreException or CrashViolationException
                ? new Violation($"{violation.Failure.Message}\n{string.Join('\n', violation.Crashes)}", violation.Failure)
                : violation.Failure;
        }
    }

    private async Task PerformAsync(Lab lab, Action<int> begin, Action acknowledge, Action<SortedDictionary<string, string>> see)
    {
        if (Before is not null)
        {
            await Before(lab);
        }

        see(lab.Visible());
        acknowledge();
        for (int i = 0; i < steps.Length; i++)
        {
            begin(i + 1);
            await steps[i](lab);
            see(lab.Visible());
            acknowledge();
        }
    }

    private async ValueTask CheckAsync(CrashState state)
    {
        if (state.Acknowledged.Count == 0)
        {
            return;
        }

        var lab = new Lab(state.Machine);
        SortedDictionary<string, string> before = _states[(int)state.Acknowledged[^1]];
        SortedDictionary<string, string> after = state.Begun.Count == 0 ? before : _states[(int)state.Begun[^1]];
        StateStore store = await s_invariants.RecoverAsync(state);
        SortedDictionary<string, string> found = lab.Visible();
        Violation.Unless(
            found.SequenceEqual(before) || found.SequenceEqual(after),
            $"Neither the old nor the new state: {Lab.Differences(found, before, after)}");
        if (GoesOn)
        {
            await GoOnAsync(lab, store, found);
        }
    }

    /// <summary>What was recovered, and what comes then, is durable.</summary>
    private static async Task GoOnAsync(Lab lab, StateStore store, SortedDictionary<string, string> found)
    {
        await store.CreateAsync("later", static change => change.Put("n.json", "0").Put(StoreRoot.Run, null, "n.json", "0"));
        for (int i = 1; i <= 4; i++)
        {
            int number = i;
            await store.ChangeAsync("later", change => change.Put("n.json", $"{number}").Put(StoreRoot.Run, null, "n.json", $"{number}"));
        }

        lab.Machine.LosePower(keepsUnsynced: false);
        _ = await lab.OpenAsync("after the second crash");
        SortedDictionary<string, string> left = lab.Visible();
        Violation.Unless(
            left.GetValueOrDefault("config/later/n.json") == "4" && left.GetValueOrDefault("run/later/n.json") == "4",
            "The transactions after the recovery are lost.");
        Violation.Unless(
            left.Where(static found => !found.Key.Contains("/later/", StringComparison.Ordinal)).SequenceEqual(found),
            $"The power took what was recovered: {Lab.Differences(left, found, found)}");
    }
}
