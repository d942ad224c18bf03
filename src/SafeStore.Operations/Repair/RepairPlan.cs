using System.Collections.Generic;

namespace SafeStore.Operations.Repair;

/// <summary>Why a store does not open, and what would become of it if it was repaired.</summary>
/// <param name="Damages">What is wrong with the files that it opens from; none if nothing is.</param>
/// <param name="Needed">The actions that mend it, all of which must be allowed.</param>
public sealed record RepairPlan(IReadOnlyList<StoreDamage> Damages, RepairActions Needed)
{
    /// <summary>
    /// What is given up, as far as it can be told: transactions that are whole but lie behind the break, and those that only a lock word
    /// knows; of roots of different times, also what is newer in the config root. Oldest first.
    /// </summary>
    public IReadOnlyList<RepairLoss> Losses { get; init; } = [];

    /// <summary>The last transaction that stays.</summary>
    public Lsn LastKept { get; init; }

    /// <summary>
    /// Whether what the log has stays in it, so that <see cref="DocumentRepair"/> can take values from it after the repair, until the store
    /// is opened.
    /// </summary>
    public bool KeepsLog { get; init; }

    /// <summary>Where copies of everything that was changed lie; null until it was done.</summary>
    public string? Quarantine { get; init; }
}
