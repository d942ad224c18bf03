using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Testing;

namespace SafeStore.MutantTests;

/// <summary>
/// A process gets into trouble at its first changing call, at its second, and so on. Later lives of the store end in order, so that the next one does not sweep; then the power takes
/// what is not synced. Of the trouble nothing may come up again.
/// </summary>
/// <remarks>The cache has been written back just before each name goes, so that what is not synced is the going.</remarks>
internal sealed class OrderlyLives
{
    private static readonly Operation[] s_changes = [.. Enum.GetValues<Operation>().Where(SimulatedCall.Changes)];

    /// <summary>What befalls the process.</summary>
    public SimulatedFault Trouble { get; init; } = new ProcessKilled();

    /// <summary>The error that the process meets before, so that it is taking back its transaction when the trouble comes; null if it is to get on.</summary>
    public Errno? Error { get; init; }

    /// <summary>Whether another process has the store open, resolves what the first has left, and closes it in order.</summary>
    public bool HasSurvivor { get; init; }

    /// <summary>Whether another program damages the lock word after that.</summary>
    public bool LosesWord { get; init; }

    /// <summary>Whether the recovery that comes next is itself killed at its first changing call, at its second, and so on.</summary>
    public bool RecoveryDies { get; init; }

    public async Task RunAsync()
    {
        for (int call = 0; await RunAsync(call, null); call++)
        {
            for (int later = 0; RecoveryDies && await RunAsync(call, later); later++)
            {
            }
        }
    }

    /// <summary>False if the process, or the recovery, has come to its end without having made so many calls.</summary>
    private async Task<bool> RunAsync(int call, int? inRecovery)
    {
        var lab = new Lab(new SimulatedMachineOptions { StagesFirst = true }); // so that there is something to take back, or to sweep, of which no record tells
        StateStore store = await lab.OpenAsync("maker");
        await store.CreateAsync("sb", static change => change.Put("a.json", "1").Put(StoreRoot.Run, null, "b.json", "1").CreateContainer("web").Put(StoreRoot.Config, "web", "c.json", "1"));
        await store.DisposeAsync();
        bool isReached = await GetIntoTroubleAsync(lab, call);
        lab.Machine.KillAll();
        if (LosesWord)
        {
            lab.DamageLockWord("sb");
            lab.Machine.KillAll();
        }

        isReached &= inRecovery is not { } later || await DieRecoveringAsync(lab, later);
        await LiveAsync(lab, "second life");
        lab.Machine.BeforeChange = null;
        SortedDictionary<string, string> found = lab.Visible();
        await LiveAsync(lab, "third life");
        lab.Machine.LosePower(keepsUnsynced: false);
        await LiveAsync(lab, "life after the power loss");
        Violation.Unless(lab.Visible().SequenceEqual(found), $"The power loss has changed {Lab.Differences(lab.Visible(), found, found)}");
        return isReached;
    }

    private async Task<bool> GetIntoTroubleAsync(Lab lab, int call)
    {
        SimulatedProcess troubled = lab.Machine.Start("troubled");
        StateStore store = await Lab.OpenAsync(troubled);
        StateStore? survivor = HasSurvivor ? await lab.OpenAsync("survivor") : null;
        lab.Machine.BeforeChange = (made, _) => SyncBefore(lab, made);
        if (Error is { } errno)
        {
            _ = lab.Machine.Faults.Add(new FaultRule { Process = "troubled", Operations = [Operation.Write], Path = "*/log/*", Fault = new CallFails(errno) });
        }

        _ = lab.Machine.Faults.Add(new FaultRule { Process = "troubled", Operations = s_changes, Skip = call, Fault = Trouble });
        try
        {
            await store.ChangeAsync("sb", static change => change.Put("a.json", "2").Put(StoreRoot.Run, null, "b.json", "2").Put(StoreRoot.Config, "web", "c.json", "2"));
        }
        catch (Exception failure) when (!troubled.IsAlive || failure is SafeStoreException)
        {
            // Killed, or refused.
        }

        bool isReached = Error is null ? lab.Machine.Faults.Count > 0 : !troubled.IsAlive;
        lab.Machine.Faults = new FaultPlan();
        if (troubled.IsAlive)
        {
            await store.DisposeAsync();
        }

        if (survivor is not null)
        {
            _ = await survivor.TouchAsync("sb");
            await survivor.DisposeAsync();
        }

        return isReached;
    }

    private static async Task<bool> DieRecoveringAsync(Lab lab, int call)
    {
        SimulatedProcess dying = lab.Machine.Start("recovering");
        _ = lab.Machine.Faults.Add(new FaultRule { Process = "recovering", Operations = s_changes, Skip = call, Fault = new ProcessKilled() });
        try
        {
            _ = await Lab.OpenAsync(dying);
        }
        catch (Exception) when (!dying.IsAlive)
        {
            // As it should be.
        }

        bool isReached = lab.Machine.Faults.Count > 0;
        lab.Machine.Faults = new FaultPlan();
        lab.Machine.KillAll();
        return isReached;
    }

    /// <summary>Opens the store, which may have to be recovered, and closes it in order.</summary>
    private static async Task LiveAsync(Lab lab, string name)
    {
        StateStore store = await lab.OpenAsync(name);
        Violation.Unless(lab.Leftovers() is [], $"The {name} of the store has {string.Join(", ", lab.Leftovers())}");
        Violation.Unless(lab.WordOf("sb").State != LockWordState.Committing, $"In the {name} of the store nobody is at work, and a lock word says so.");
        await store.DisposeAsync();
        lab.Machine.KillAll();
    }

    private static void SyncBefore(Lab lab, SimulatedCall made)
    {
        if (made.Operation == Operation.Unlink)
        {
            lab.Machine.Sync();
        }
    }
}
