using System;
using SafeStore.Locking;
using SafeStore.Log;

namespace SafeStore.Commit;

/// <summary>One sandbox of a transaction: the lock, what to do, and at which version.</summary>
internal sealed record Participant(SandboxHold Hold, SandboxPlan Plan, Lsn? RequiredVersion)
{
    public StagedPlan Staged { get; } = new();
}

/// <summary>Plans on their way into the log, as one record.</summary>
internal abstract class PendingPlans(SandboxPlan[] plans, bool needsSync) : PendingCommit
{
    public SandboxPlan[] Plans => plans;

    public override int PayloadBytes { get; } = PlanCodec.SizeOf(plans);

    public override bool NeedsSync => needsSync;

    public override void WritePayload(Span<byte> target) => PlanCodec.Write(plans, target);
}

/// <summary>A transaction.</summary>
/// <param name="participants">Its sandboxes.</param>
/// <param name="stager">
/// Stages it beside its append: only creations, which no other process can see or lock. Null if it is staged already.
/// </param>
/// <param name="needsSync">Whether it touches a root that outlives the machine's power.</param>
internal sealed class PendingTransaction(Participant[] participants, Stager? stager, bool needsSync)
    : PendingPlans(Array.ConvertAll(participants, static participant => participant.Plan), needsSync)
{
    public override bool HasMeanwhile => stager is not null;

    /// <summary>Why it could not be staged beside its append; null if it was.</summary>
    public Exception? StagingFailure { get; private set; }

    protected override void DoMeanwhile()
    {
        try
        {
            foreach (Participant participant in participants)
            {
                stager!.StageNew(participant.Plan, participant.Staged);
            }
        }
#pragma warning disable CA1031 // out of memory, or a defect: whatever it is, the record is in the log, and has to be revoked
        catch (Exception failure)
        {
            StagingFailure = failure; // without a copy: there may be no memory for it
        }
#pragma warning restore CA1031
    }
}

/// <summary>Says of creations in the log, none of which could be staged, that their sandboxes are removed.</summary>
internal sealed class PendingRevocation(SandboxPlan[] creations, bool needsSync)
    : PendingPlans(Array.ConvertAll(creations, static plan => new SandboxPlan(plan.Sandbox, PlanKind.Remove, [], [], [], [])), needsSync);
