using System;
using System.Linq;
using SafeStore.FileSystem;

namespace SafeStore.Operations.Repair;

/// <summary>
/// Repairs the files from which a store opens: log, watermarks and identities. Documents are not touched. Whatever is changed is copied to
/// a quarantine directory first, so that nothing is lost by it.
/// </summary>
public static class StoreRepair
{
    private const int ReadingsMax = 5;

    /// <summary>Looks for what keeps a store from being opened, and what it would take. Opens nothing and changes nothing.</summary>
    /// <param name="layout">Where the store lies.</param>
    /// <param name="options">Its options; null for the default.</param>
    /// <exception cref="NotFoundException">There is no store, and no trace of one.</exception>
    /// <exception cref="StoreFormatException">It is of another format: use the version that wrote it.</exception>
    /// <exception cref="StorageException">Something of it may not be read.</exception>
    public static RepairPlan Examine(StoreLayout layout, StoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(layout);
        options ??= new StoreOptions();
        using var owned = new OwnedParts();
        ViewedRoot[] roots =
        [
            owned.Add(ViewedRoot.Open(options.FileSystemInUse, layout, StoreRoot.Config)),
            owned.Add(ViewedRoot.Open(options.FileSystemInUse, layout, StoreRoot.Run)),
        ];
        if (!roots[0].HasMark && !roots[1].HasMark)
        {
            throw ViewedRoot.NotAStore(layout, roots);
        }

        return PlanOf(options, roots, ReadTwice(options, roots));
    }

    /// <summary>
    /// Mends what the plan names; the store can be opened then, and its next opening recovers it. Safe to kill and to repeat. Durable on
    /// return.
    /// </summary>
    /// <param name="layout">Where the store lies.</param>
    /// <param name="allowed">The actions that may be taken; only those that are needed are.</param>
    /// <param name="options">The store's options; null for the default.</param>
    /// <exception cref="RepairRefusedException">It needs an action that is not allowed. Nothing was changed.</exception>
    /// <exception cref="LockTimeoutException">A process has the store open. Nothing was changed.</exception>
    /// <exception cref="StoreFormatException">It is of another format. Nothing was changed.</exception>
    /// <exception cref="StorageException">The system refused a call. What was there is in the quarantine, or untouched.</exception>
    public static RepairPlan Repair(StoreLayout layout, RepairActions allowed, StoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(layout);
        options ??= new StoreOptions();
        RepairPlan plan = Examine(layout, options);
        RefuseUnless(plan, allowed);
        return plan.Needed == RepairActions.None ? plan : new StoreRebuild(layout, options).Run(allowed);
    }

    /// <summary>In a store that is in use, what looks like damage may be a change that was under way: it counts if it stays.</summary>
    private static StoreSurvey ReadTwice(StoreOptions options, ViewedRoot[] roots)
    {
        StoreSurvey? before = null;
        for (int reading = 1; ; reading++)
        {
            try
            {
                StoreSurvey survey = StoreSurvey.Take(options, roots);
                if (survey.Damages.Count == 0 || reading == ReadingsMax || before?.Damages.SequenceEqual(survey.Damages) == true)
                {
                    return survey;
                }

                before = survey;
            }
            catch (StorageException failure) when (failure.Errno == Errno.NotFound && reading < ReadingsMax)
            {
                before = null; // a segment was released between the listing and its opening
            }
        }
    }

    internal static RepairPlan PlanOf(StoreOptions options, ViewedRoot[] roots, StoreSurvey survey) =>
        new(survey.Damages, survey.Damages.Aggregate(RepairActions.None, static (all, damage) => all | damage.Mend))
        {
            Losses = new LossReader(options, roots, survey).Read(),
            KeepsLog = survey.Log.Header is not null,
            LastKept = survey.Log.Header is null ? survey.Mark : survey.Log.End.Next.Previous,
        };

    internal static void RefuseUnless(RepairPlan plan, RepairActions allowed)
    {
        if ((plan.Needed & ~allowed) is var missing && missing != RepairActions.None)
        {
            throw new RepairRefusedException(missing, plan.Damages.First(damage => (damage.Mend & missing) != 0).Message);
        }
    }
}
