using System;
using System.Linq;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Diagnostics;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Roots;

namespace SafeStore.Commit;

/// <summary>
/// Commits transactions (docs/commit-protocol.md, "Commit", "Create", "Remove"). A failure before the append takes back what was done; none
/// does once the record is in the log, but for creations that could not be staged, which are revoked by a record of their own.
/// </summary>
internal sealed class TransactionRunner(
    RootSet roots, Committer committer, NameLocks names, SandboxLocker locker, IResolver resolver,
    Func<CancellationToken, ValueTask> admit, EngineEvents events)
{
    private readonly ContainerRules _containers = new(roots);
    private readonly DocumentRules _documents = new(roots);
    private readonly IntentRules _intents = new(roots.FileSystem, roots.Config.Directory);
    private readonly Stager _stager = new(roots, events.Telemetry);
    private readonly Publisher _publisher = new(roots, events);

    public EngineEvents Events => events;

    public async ValueTask<Lsn> CommitAsync(Participant[] participants, CancellationToken cancellation)
    {
        Array.ForEach(participants, Check); // C1
        Participant[] changed = Array.Exists(participants, static participant => participant.Plan.IsEmpty)
            ? Array.FindAll(participants, static participant => !participant.Plan.IsEmpty)
            : participants;
        if (changed.Length == 0)
        {
            return participants.Max(static participant => participant.Hold.Version);
        }

        if (committer.IsLogTooLong && Array.Exists(changed, static participant => participant.Plan.Kind != PlanKind.Remove))
        {
            await admit(cancellation).ConfigureAwait(false);
        }

        bool isBeside = Array.TrueForAll(changed, static participant => participant.Plan.Kind == PlanKind.Create);
        var commit = new PendingTransaction(changed, isBeside ? _stager : null, TouchesDurableRoot(changed));
        using NameLocks.Hold? named = await LockNamesAsync(changed, cancellation).ConfigureAwait(false); // N1, D1
        await AppendAsync(changed, commit, cancellation).ConfigureAwait(false);
        if (commit.StagingFailure is { } failure)
        {
            await RevokeAsync(changed, commit, failure).ConfigureAwait(false);
            ExceptionDispatchInfo.Throw(failure);
        }

        Publish(changed, commit.Lsn);
        committer.Announce();
        events.Committed();
        return commit.Lsn;
    }

    private void Check(Participant participant)
    {
        (SandboxHold hold, SandboxPlan plan, Lsn? required) = participant;
        hold.ThrowIfReleased();
        if (hold.IsSpent)
        {
            throw new InvalidOperationException(
                $"The last transaction of sandbox '{hold.Sandbox}' is not wholly published. Release its lock and take it again, which "
                + $"finishes the transaction; then read again.");
        }

        if (hold.HasFlock != (plan.Kind != PlanKind.Create))
        {
            throw new InvalidOperationException(
                $"The sandbox '{hold.Sandbox}' has been created or removed since this transaction was started; start another.");
        }

        if (required is { } version && version != hold.Version)
        {
            throw new VersionConflictException(hold.Sandbox, version, hold.Version);
        }

        foreach (RequiredDocument document in participant.RequiredDocuments)
        {
            _documents.Check(document);
        }

        if (plan.Kind == PlanKind.Update)
        {
            _containers.Check(hold.Handles, plan);
        }
        else if (plan.Kind == PlanKind.Create)
        {
            ContainerRules.CheckNew(plan);
        }
        else if (!participant.ForgetsIntents)
        {
            _intents.CheckRemoval(plan.Sandbox);
        }
    }

    private bool TouchesDurableRoot(Participant[] participants)
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            foreach (Participant participant in participants)
            {
                if (!root.IsVolatile && participant.Plan.Touches(root.Root))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private async ValueTask<NameLocks.Hold?> LockNamesAsync(Participant[] participants, CancellationToken cancellation)
    {
        Participant[] named = Array.FindAll(participants, static participant => participant.Plan.Kind != PlanKind.Update);
        return named.Length == 0
            ? null
            : await names.AcquireAsync(named.Select(static participant => participant.Hold.Sandbox), cancellation).ConfigureAwait(false);
    }

    private async ValueTask AppendAsync(Participant[] participants, PendingTransaction commit, CancellationToken cancellation)
    {
        try
        {
            foreach (Participant participant in participants)
            {
                cancellation.ThrowIfCancellationRequested();
                await StageAsync(participant, commit, cancellation).ConfigureAwait(false);
            }

            Array.ForEach(participants, Mark); // C4
            _ = await committer.CommitAsync(commit, cancellation).ConfigureAwait(false);
        }
        catch when (commit.Outcome == AppendOutcome.NotAppended)
        {
            Array.ForEach(participants, TakeBack);
            throw;
        }
        catch
        {
            Leave(participants); // the outcome is unknown: the lock words stay "committing", and recovery will tell
            throw;
        }
    }

    private async ValueTask StageAsync(Participant participant, PendingTransaction commit, CancellationToken cancellation)
    {
        (SandboxHold hold, SandboxPlan plan, _) = participant;
        if (plan.Kind != PlanKind.Create)
        {
            _stager.Stage(plan, hold.Handles, participant.Staged);
            return;
        }

        if (locker.Exists(plan.Sandbox))
        {
            throw new AlreadyExistsException("sandbox", plan.Sandbox);
        }

        if (resolver.MayBeBegun(plan.Sandbox) || !_stager.TryBeginNew(plan, participant.Staged)) // N2
        {
            await BeginAfterAnotherAsync(plan, participant.Staged, cancellation).ConfigureAwait(false);
        }

        if (!commit.HasMeanwhile)
        {
            _stager.StageNew(plan, participant.Staged);
        }
    }

    /// <summary>A process died while it created this sandbox, or could not take back what it had staged.</summary>
    private async ValueTask BeginAfterAnotherAsync(SandboxPlan plan, StagedPlan staged, CancellationToken cancellation)
    {
        if (await resolver.FinishCreationAsync(plan.Sandbox, cancellation).ConfigureAwait(false))
        {
            throw new AlreadyExistsException("sandbox", plan.Sandbox);
        }

        if (!_stager.TryBeginNew(plan, staged))
        {
            // what another program has put there
            throw new StorageException("stage a new sandbox", $"{roots.Run.New.Path}/{plan.Sandbox}", Errno.Exists);
        }
    }

    /// <summary>From here on a death leaves the sandbox to its next locker.</summary>
    private static void Mark(Participant participant)
    {
        (SandboxHold hold, SandboxPlan plan, _) = participant;
        if (plan.Kind != PlanKind.Create)
        {
            hold.IsSpent = true; // until the lock word says idle again
            hold.Handles.WriteWord(new LockWord(LockWordState.Committing, hold.Version, hold.Handles.OfSeveral));
        }
    }

    /// <summary>
    /// The record is durable, and what it says could not be staged. Nothing of it was seen, and nothing will be once the revocation is
    /// durable: only then is it taken back, since a death before that leaves the record to the sandbox's next locker.
    /// </summary>
    private async ValueTask RevokeAsync(Participant[] participants, PendingTransaction commit, Exception failure)
    {
        PendingRevocation? revocation = null;
        try
        {
            revocation = new PendingRevocation(commit.Plans, commit.NeedsSync);
            _ = await committer.CommitAsync(revocation, CancellationToken.None).ConfigureAwait(false); // N5
        }
        catch when (revocation is not { Outcome: not AppendOutcome.NotAppended })
        {
            Leave(participants); // the transaction stands: the next locker of each sandbox finishes it
            throw new CommitNotPublishedException(commit.Lsn, failure);
        }
        catch
        {
            Leave(participants);
            throw;
        }

        Array.ForEach(participants, TakeBack);
    }

    private static void Leave(Participant[] participants) => Array.ForEach(participants, static participant => participant.Staged.Close());

    private void TakeBack(Participant participant)
    {
        (SandboxHold hold, SandboxPlan plan, _) = participant;
        _stager.TakeBack(participant.Staged);
        if (plan.Kind == PlanKind.Create || !hold.IsSpent)
        {
            return;
        }

        hold.Handles.Forget();
        try
        {
            hold.Handles.WriteWord(
                hold.Unresolved ?? new LockWord(LockWordState.Idle, hold.Version, hold.Handles.OfSeveral));
            hold.IsSpent = false;
        }
        catch (StorageException)
        {
            // The next locker finds nothing in the log; and the caller is to hear of the first failure, not of this one.
        }
    }

    private void Publish(Participant[] participants, Lsn lsn)
    {
        using Timing publishing = events.Telemetry.Publish();
        Exception? first = null;
        foreach (Participant participant in participants)
        {
            first = Try(participant, each => Publish(each, lsn)) ?? first; // C7
        }

        // C8: no word says "idle" before all of the transaction is published, so that a copy can be cut between two transactions.
        for (int i = 0; i < participants.Length && first is null; i++)
        {
            first = Try(participants[i], participant => Conclude(participant, lsn, participants.Length > 1 ? lsn : default));
        }

        if (first is not null)
        {
            throw new CommitNotPublishedException(lsn, first);
        }
    }

    private static Exception? Try(Participant participant, Action<Participant> step)
    {
        try
        {
            step(participant);
            return null;
        }
        // Out of memory, or a defect: whatever it is, the transaction is durable, and the caller must not take it for undone.
#pragma warning disable CA1031
        catch (Exception failure)
        {
            return failure;
        }
#pragma warning restore CA1031
    }

    private void Publish(Participant participant, Lsn lsn)
    {
        (SandboxHold hold, SandboxPlan plan, _) = participant;
        switch (plan.Kind)
        {
            case PlanKind.Create:
                PublishNew(participant, lsn);
                break;
            case PlanKind.Remove:
                _publisher.Remove(plan.Sandbox);
                break;
            default:
                _publisher.Publish(plan, participant.Staged, hold.Handles, lsn);
                break;
        }
    }

    private void PublishNew(Participant participant, Lsn lsn)
    {
        SandboxHold hold = participant.Hold;
        locker.Adopt(hold, participant.Staged.LockFile!);
        hold.IsSpent = true;
        try
        {
            _publisher.PublishNew(participant.Plan, participant.Staged, lsn);
        }
        catch when (participant.Staged.Appeared == 0)
        {
            hold.Abandon(); // not even its lock file has appeared: what was staged leads the next locker to the record
            throw;
        }
    }

    private static void Conclude(Participant participant, Lsn lsn, Lsn ofSeveral)
    {
        (SandboxHold hold, SandboxPlan plan, _) = participant;
        if (plan.Kind == PlanKind.Remove)
        {
            hold.Abandon();
            hold.Version = default;
        }
        else
        {
            hold.Handles.WriteWord(new LockWord(LockWordState.Idle, lsn, Lsn.Max(ofSeveral, hold.Handles.OfSeveral)));
            hold.Handles.KnowAt(lsn);
            hold.Version = lsn;
        }

        hold.IsSpent = false;
    }
}

/// <summary>One sandbox of a transaction: the lock, what to do, and at which version.</summary>
internal sealed record Participant(SandboxHold Hold, SandboxPlan Plan, Lsn? RequiredVersion)
{
    /// <summary>What single documents must be.</summary>
    public RequiredDocument[] RequiredDocuments { get; init; } = [];

    /// <summary>Whether a removal forgets what is to be undone.</summary>
    public bool ForgetsIntents { get; init; }

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
