using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Testing;

namespace SafeStore.MutantTests;

/// <summary>
/// Two processes have the store open. One is killed at its first changing call, at its second, and so on, and in the middle of every write;
/// each time the other locks the sandbox, must find all of the transaction or nothing, and goes on. Then the power goes, and what the
/// survivor has seen and done must be there.
/// </summary>
internal sealed class Survival(Func<StateStore, Task> dies)
{
    private static readonly Operation[] s_changes = [.. Enum.GetValues<Operation>().Where(SimulatedCall.Changes)];

    /// <summary>What the first process has done before; by default it makes the sandbox.</summary>
    public Func<StateStore, Task> Before { get; init; } =
        static store => store.CreateAsync("sb", static change => change.Put("a.json", "1").Put(StoreRoot.Run, null, "b.json", "1"));

    /// <summary>What happens after the death, before the survivor comes.</summary>
    public Action<Lab> Meanwhile { get; init; } = static _ => { };

    public async Task RunAsync()
    {
        (SortedDictionary<string, string> before, SortedDictionary<string, string> after) = await ExpectAsync();
        IEnumerable<(bool StagesFirst, Ending Ending)> kinds =
            Enum.GetValues<Ending>().SelectMany(static ending => new[] { (false, ending), (true, ending) });
        foreach ((bool stagesFirst, Ending ending) in kinds)
        {
            bool hasDied = true;
            for (int call = 0; hasDied; call++)
            {
                hasDied = await DieAsync(call, isTorn: false, stagesFirst, ending, before, after);
                _ = hasDied && await DieAsync(call, isTorn: true, stagesFirst, ending, before, after);
            }
        }
    }

    private async Task<(SortedDictionary<string, string> Before, SortedDictionary<string, string> After)> ExpectAsync()
    {
        using (Mutant.Activate("none"))
        {
            var lab = new Lab();
            StateStore store = await lab.OpenAsync();
            await Before(store);
            SortedDictionary<string, string> before = lab.Visible();
            await dies(store);
            return (before, lab.Visible());
        }
    }

    private async Task<bool> DieAsync(
        int call, bool isTorn, bool stagesFirst, Ending ending,
        SortedDictionary<string, string> before, SortedDictionary<string, string> after)
    {
        var lab = new Lab(new SimulatedMachineOptions { StagesFirst = stagesFirst });
        SimulatedProcess first = lab.Machine.Start("first");
        StateStore dying = await Lab.OpenAsync(first);
        await Before(dying);
        StateStore survivor = await lab.OpenAsync("survivor");
        Lsn old = before.ContainsKey("run/sb/") ? await survivor.TouchAsync("sb") : default;
        if (isTorn)
        {
            _ = lab.Machine.Faults.Add(
                new FaultRule { Process = "first", Operations = s_changes, Skip = call, Fault = new ShortTransfer(512) });
        }

        _ = lab.Machine.Faults.Add(new FaultRule { Process = "first", Operations = s_changes, Skip = call, Fault = new ProcessKilled() });
        await RunToItsEndAsync(first, () => dies(dying));
        bool hasDied = !first.IsAlive;
        lab.Machine.Faults = new FaultPlan();
        try
        {
            Meanwhile(lab);
            await CheckAsync(lab, survivor, ending, old, hasDied ? before : after, after);
        }
        catch (Exception failure) when (failure is Violation or SafeStoreException)
        {
            string place = $"{(hasDied ? "died at" : "ended after")} its change {call + 1}{(isTorn ? " in the middle of a write" : "")}";
            throw new Violation($"The first process {place}{(stagesFirst ? ", staging first" : "")}, {ending}: {failure.Message}", failure);
        }

        return hasDied;
    }

    private static async Task RunToItsEndAsync(SimulatedProcess process, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception) when (!process.IsAlive)
        {
            // Whatever a dead process makes of it.
        }
    }

    private static async Task CheckAsync(
        Lab lab, StateStore survivor, Ending ending, Lsn old,
        SortedDictionary<string, string> before, SortedDictionary<string, string> after)
    {
        bool isSeen = lab.Visible().Except(before).Intersect(after).Any();
        Lsn? version = await TouchAsync(survivor);
        SortedDictionary<string, string> found = lab.Visible();
        bool isDone = found.SequenceEqual(after);
        Violation.Unless(
            isDone || (!isSeen && found.SequenceEqual(before)),
            $"{(isSeen ? "Not what was seen" : "Neither the old nor the new state")}: {Lab.Differences(found, before, after)}");
        Violation.Unless(
            version is null || version > old || (version == old && !isDone),
            "The sandbox has changed, and its version has not, or has gone back.");
        // what is in scratch/ waits for the next opener
        string[] unfinished = [.. lab.Leftovers().Where(static path => path.Contains("/new/", StringComparison.Ordinal))];
        Violation.Unless(unfinished is [], $"Left behind: {string.Join(", ", unfinished)}");
        Lsn last = version ?? default;
        if (ending == Ending.GoesOn)
        {
            static void Fill(SandboxChange change) => change.Put("later.json", "1");
            last = version is null ? await survivor.CreateAsync("sb", Fill) : await survivor.ChangeAsync("sb", Fill);
            Violation.Unless(last > (version ?? old), "The number of a transaction has come twice.");
            found = lab.Visible();
        }

        lab.Machine.LosePower(keepsUnsynced: ending == Ending.PowerLosesNothing);
        StateStore recovered = await lab.OpenAsync("third");
        Violation.Unless(lab.Leftovers() is [], $"Left behind: {string.Join(", ", lab.Leftovers())}");
        Violation.Unless(lab.Visible().SequenceEqual(found), $"Not what the survivor had: {Lab.Differences(lab.Visible(), found, found)}");
        Violation.Unless(
            version is null || await recovered.TouchAsync("sb") >= last, "The sandbox's version has gone back in the power loss.");
    }

    /// <summary>The sandbox's version; null if it does not exist, not yet or not any more.</summary>
    private static async Task<Lsn?> TouchAsync(StateStore store)
    {
        try
        {
            return await store.TouchAsync("sb");
        }
        catch (NotFoundException)
        {
            return null;
        }
    }

    /// <summary>What comes after the survivor has looked.</summary>
    private enum Ending
    {
        /// <summary>It makes another transaction, and then the power takes what is not synced.</summary>
        GoesOn,

        /// <summary>The power takes what is not synced.</summary>
        PowerLosesAll,

        /// <summary>The power goes, but everything is left.</summary>
        PowerLosesNothing,
    }
}
