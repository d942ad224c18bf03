using System;
using SafeStore.Locking;
using SafeStore.Log;

namespace SafeStore.Commit;

/// <summary>One sandbox of a transaction: the lock, what to do, and at which version.</summary>
internal sealed record Participant(SandboxHold Hold, SandboxPlan Plan, Lsn? RequiredVersion)
{
    public StagedPlan Staged { get; } = new();
}

/// <summary>A transaction as the log sees it.</summary>
internal sealed class PendingTransaction : PendingCommit
{
    private readonly Participant[] _participants;
    private readonly SandboxPlan[] _plans;
    private readonly Stager _stager;

    public PendingTransaction(Participant[] participants, Stager stager, bool needsSync)
    {
        _participants = participants;
        _plans = Array.ConvertAll(participants, static participant => participant.Plan);
        _stager = stager;
        NeedsSync = needsSync;
        PayloadBytes = PlanCodec.SizeOf(_plans);
        OutlineBytes = PayloadBytes - PlanCodec.ContentBytesOf(_plans);
        NeedsStaging = Array.Exists(_plans, static plan => plan.NeedsStaging);
    }

    public override int PayloadBytes { get; }

    public override int OutlineBytes { get; }

    public override bool NeedsSync { get; }

    public override bool NeedsStaging { get; }

    /// <summary>Why it could not be staged; null if it was.</summary>
    public Exception? StagingFailure { get; private set; }

    public override void WritePayload(Span<byte> target) => PlanCodec.Write(_plans, target);

    public override void WriteOutline(Span<byte> target) => PlanCodec.WriteOutline(_plans, target);

    protected override void StageOnce()
    {
        try
        {
            foreach (Participant participant in _participants)
            {
                if (participant.Plan.Kind == PlanKind.Create)
                {
                    _stager.StageNew(participant.Plan, participant.Staged);
                }
                else
                {
                    _stager.Stage(participant.Plan, participant.Hold.Handles, participant.Staged);
                }
            }
        }
#pragma warning disable CA1031 // out of memory, or a defect: whatever it is, the record is in the log, and has to be aborted
        catch (Exception failure)
        {
            StagingFailure = failure; // without a copy: there may be no memory for it
        }
#pragma warning restore CA1031
    }
}

/// <summary>Says of a transaction in the log that it did not take place.</summary>
internal sealed class PendingAbort(Participant[] participants, PendingTransaction aborted) : PendingCommit
{
    private readonly SandboxPlan[] _plans = Array.ConvertAll(participants, participant => SandboxPlan.Abort(participant.Plan.Sandbox, aborted.Lsn));

    public override int PayloadBytes => PlanCodec.SizeOf(_plans);

    public override bool NeedsSync => aborted.NeedsSync;

    public override void WritePayload(Span<byte> target) => PlanCodec.Write(_plans, target);
}
