using SafeStore.Testing;

namespace SafeStore.PropertyTests.Simulation;

/// <summary>Makes a machine do what an act's trouble says, and knows what cannot be asked of the store afterwards.</summary>
internal sealed class ArmedTrouble(Setting setting, SimulatedMachine machine)
{
    private bool _hasLostNames;

    /// <summary>Whether a sync has said that it succeeded and has not; the next one may report it.</summary>
    public bool HasLied { get; private set; }

    /// <summary>Whether a call may have failed, now or late.</summary>
    public bool MayFail => machine.Faults.Count > 0 || HasLied;

    /// <summary>
    /// After a sync that lied, what was acknowledged may be lost with the power, and nobody can help it. So may names that a failed sync of
    /// a directory has lost while the cache shows them: no filesystem is known to do that and go on, and recovery cannot see it.
    /// </summary>
    public bool MayLosePower => !HasLied && !_hasLostNames;

    public void Arm(Trouble? trouble, string process)
    {
        machine.Faults = new FaultPlan();
        FaultRule? rule = trouble switch
        {
            Trouble.Killed kill => new FaultRule { Fault = new ProcessKilled(kill.Afterwards), Operations = SimulatedScripts.Changes },
            Trouble.PowerLost when !MayLosePower => null,
            Trouble.PowerLost loss =>
            new FaultRule { Fault = new PowerLost(loss.Seed, loss.Afterwards), Operations = SimulatedScripts.Changes },
            Trouble.Fails fails => new FaultRule { Fault = OnThisMachine(fails.Fault), Operations = fails.Operations, Times = fails.Times },
            _ => null,
        };
        if (rule is not null)
        {
            machine.Faults.Add(rule with { Process = process, Skip = trouble!.Skip });
        }
    }

    /// <summary>Ends the trouble; false if it did not come to it.</summary>
    public bool Disarm(Trouble? trouble)
    {
        bool hasStruck = machine.Faults.Count > 0;
        machine.Faults = new FaultPlan();
        if (hasStruck && trouble is Trouble.Fails fails)
        {
            HasLied |= fails.Fault is SyncLosesData { Afterwards: LostSync.ReportsLater };
            _hasLostNames |= fails.Operations is [Operation.SyncDirectory];
        }

        if (trouble is Trouble.Fails { Fault: BecomesReadOnly })
        {
            machine.SetReadOnly("/", isReadOnly: false);
            if (setting.Run != RunRoot.SameDisk)
            {
                machine.SetReadOnly("/run", isReadOnly: false);
            }
        }

        return hasStruck;
    }

    /// <summary>
    /// Transactions on a volatile root are not synced, so a failed sync of the log that takes back what the cache shows takes acknowledged
    /// ones with it. Known, and left out here. So is it after a sync that lied, which only the cache has survived: that is as a loss of
    /// power.
    /// </summary>
    private SimulatedFault OnThisMachine(SimulatedFault fault) =>
        fault is SyncLosesData { Afterwards: LostSync.RevertsCache } sync && (setting.IsRunVolatile || HasLied)
            ? sync with { Afterwards = LostSync.KeepsCache } : fault;
}
