using System;
using System.Linq;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Roots;

namespace SafeStore.Commit;

/// <summary>
/// Commits transactions: check, mark, append and stage, publish, acknowledge (docs/commit-protocol.md, "Commit"). A failure before the append takes back what was done, one while staging
/// aborts the transaction in the log first; none does once it is durable and staged.
/// </summary>
internal sealed class TransactionRunner(
    RootSet roots,
    Committer committer,
    NameLocks names,
    SandboxLocker locker,
    LockWaiting waiting,
    IDurableFileSystem fs,
    Stager stager,
    Publisher publisher,
    IResolver resolver,
    Settlement settlement,
    EngineEvents events)
{
    private const int CarefulTransactions = 64;

    private readonly ContainerRules _containers = new(fs, roots);

    /// <summary>How many more transactions are staged before their append, since one could not be staged.</summary>
    private int _careful;

    public async ValueTask<Lsn> CommitAsync(Participant[] participants, CancellationToken cancellation)
    {
        foreach (Participant participant in participants)
        {
            await PrepareAsync(participant, cancellation).ConfigureAwait(false);
        }

        Participant[] changed = Array.Exists(participants, static participant => participant.Plan.IsEmpty)
            ? Array.FindAll(participants, static participant => !participant.Plan.IsEmpty)
            : participants;
        if (changed.Length == 0)
        {
            return participants.Max(static participant => participant.Hold.Version);
        }

        var commit = new PendingTransaction(changed, stager, TouchesDurableRoot(changed));
        using NameLocks.Hold? named = await LockNamesAsync(changed, cancellation).ConfigureAwait(false);
        await AppendAndStageAsync(changed, commit, cancellation).ConfigureAwait(false);
        Publish(changed, commit.Lsn);
        events.Committed();
        return commit.Lsn;
    }

    private async ValueTask PrepareAsync(Participant participant, CancellationToken cancellation)
    {
        (SandboxHold hold, SandboxPlan plan, Lsn? required) = participant;
        hold.ThrowIfReleased();
        if (hold.HasFlock != (plan.Kind != PlanKind.Create))
        {
            throw new InvalidOperationException($"The sandbox '{hold.Sandbox}' has been created or removed since this transaction was started; start another.");
        }

        if (hold.NeedsResolve)
        {
            await ResolveAsync(hold, cancellation).ConfigureAwait(false);
        }

        if (required is { } version && version != hold.Version)
        {
            throw new VersionConflictException(hold.Sandbox, version, hold.Version);
        }

        if (plan.Kind == PlanKind.Update)
        {
            _containers.Check(hold.Handles, plan);
        }
        else if (plan.Kind == PlanKind.Create)
        {
            ContainerRules.CheckNew(plan);
        }
    }

    private async ValueTask ResolveAsync(SandboxHold hold, CancellationToken cancellation)
    {
        if (!hold.Handles.IsCurrent())
        {
            throw new NotFoundException("sandbox", hold.Sandbox); // another may be at work in what has its name now
        }

        hold.Handles.Forget();
        LockWord? word = await resolver.ResolveAsync(hold.Handles, hold.Handles.ReadWord(), cancellation).ConfigureAwait(false);
        hold.NeedsResolve = false;
        if (word is null)
        {
            hold.Abandon();
            throw new NotFoundException("sandbox", hold.Sandbox);
        }

        hold.Version = word.Value.Lsn;
        hold.Handles.ForgetUnless(hold.Version);
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
        return named.Length == 0 ? null : await names.AcquireAsync(named.Select(static participant => participant.Hold.Sandbox), waiting.DefaultTimeout, cancellation).ConfigureAwait(false);
    }

    private async ValueTask AppendAndStageAsync(Participant[] participants, PendingTransaction commit, CancellationToken cancellation)
    {
        try
        {
            foreach (Participant participant in participants)
            {
                cancellation.ThrowIfCancellationRequested();
                await BeginAsync(participant, cancellation).ConfigureAwait(false);
            }

            StageFirstIfCareful(commit);
            _ = await committer.CommitAsync(commit, cancellation).ConfigureAwait(false);
        }
        catch when (commit.Outcome == AppendOutcome.NotAppended)
        {
            TakeBack(participants);
            throw;
        }
        catch
        {
            Leave(participants); // the outcome is unknown: the lock words stay "committing", and recovery will tell
            throw;
        }

        if (commit.StagingFailure is { } failure)
        {
            Volatile.Write(ref _careful, CarefulTransactions);
            await AbortAsync(participants, commit, failure).ConfigureAwait(false);
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>
    /// Where one transaction could not be staged the next one can hardly be: its record need not get into the log. There it would keep the store from being recovered, until the cause is mended, if all processes died before its abort.
    /// </summary>
    private void StageFirstIfCareful(PendingTransaction commit)
    {
        if (!commit.NeedsStaging || Volatile.Read(ref _careful) <= 0)
        {
            return;
        }

        commit.Stage();
        if (commit.StagingFailure is { } failure)
        {
            Volatile.Write(ref _careful, CarefulTransactions);
            ExceptionDispatchInfo.Throw(failure);
        }

        _ = Interlocked.Decrement(ref _careful);
    }

    private async ValueTask BeginAsync(Participant participant, CancellationToken cancellation)
    {
        (SandboxHold hold, SandboxPlan plan, _) = participant;
        if (plan.Kind != PlanKind.Create)
        {
            stager.Check(plan, hold.Handles);
            hold.NeedsResolve = true; // until the lock word says idle again
            hold.Handles.WriteWord(new LockWord(LockWordState.Committing, hold.Version));
        }
        else if (locker.Exists(plan.Sandbox))
        {
            throw new AlreadyExistsException("sandbox", plan.Sandbox);
        }
        else if (!stager.TryBeginNew(plan, participant.Staged))
        {
            await BeginAfterAnotherAsync(plan, participant.Staged, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Somebody died while he created this sandbox, or could not take back what he had staged.</summary>
    private async ValueTask BeginAfterAnotherAsync(SandboxPlan plan, StagedPlan staged, CancellationToken cancellation)
    {
        if (await resolver.FinishCreationAsync(plan.Sandbox, cancellation).ConfigureAwait(false))
        {
            throw new AlreadyExistsException("sandbox", plan.Sandbox);
        }

        if (!stager.TryBeginNew(plan, staged))
        {
            throw new StorageException("stage a new sandbox", $"{roots.Run.Stage.Path}/{TempName.NewSandbox(plan.Sandbox)}", Errno.Exists); // only another program could have put it there
        }
    }

    /// <summary>
    /// The record is durable, and what it says could not be staged. Nothing of it was seen, and nothing will be once its abort is durable: only then is it taken back, since a death before that
    /// leaves the record to whoever resolves the sandbox.
    /// </summary>
    private async ValueTask AbortAsync(Participant[] participants, PendingTransaction commit, Exception failure)
    {
        PendingAbort? abort = null;
        try
        {
            ThrowIfTakenOver(participants, commit.Lsn);
            abort = new PendingAbort(participants, commit);
            _ = await committer.CommitAsync(abort, CancellationToken.None).ConfigureAwait(false);
        }
        catch when (abort is not { Outcome: not AppendOutcome.NotAppended })
        {
            // The transaction stands: whoever locks its sandboxes next stages and publishes it.
            _ = settlement.TryDisturb();
            Leave(participants);
            throw new CommitNotPublishedException(commit.Lsn, failure);
        }
        catch
        {
            Leave(participants);
            throw;
        }

        TakeBack(participants);
    }

    /// <summary>
    /// Whose lock file was deleted under the lock need not be alone: another may have resolved the sandbox, and have gone on from the record. Not if the sandbox is gone, or its new lock file says that nobody has come so far.
    /// </summary>
    private void ThrowIfTakenOver(Participant[] participants, Lsn lsn)
    {
        foreach ((SandboxHold hold, SandboxPlan plan, _) in participants)
        {
            if (plan.Kind != PlanKind.Create && !hold.Handles.IsCurrent() && locker.Exists(plan.Sandbox)
                && !(LockWord.TryRead(fs, roots.Run.Directory, SandboxHandles.LockPathOf(plan.Sandbox)) is { State: LockWordState.Idle } word && word.Lsn < lsn))
            {
                throw new NotFoundException("sandbox", plan.Sandbox);
            }
        }
    }

    private static void Leave(Participant[] participants)
    {
        foreach (Participant participant in participants)
        {
            participant.Staged.Close();
        }
    }

    private void TakeBack(Participant[] participants)
    {
        bool isTold = settlement.TryDisturb();
        foreach (Participant participant in participants)
        {
            TakeBack(participant, isTold);
        }
    }

    private void TakeBack(Participant participant, bool isTold)
    {
        (SandboxHold hold, SandboxPlan plan, _) = participant;
        bool isComplete = stager.TryTakeBack(participant.Staged, isTold);
        if (plan.Kind == PlanKind.Create || !hold.NeedsResolve)
        {
            return;
        }

        hold.Handles.Forget();
        if (!isComplete)
        {
            return; // the word stays "committing": whoever locks the sandbox next sweeps it
        }

        try
        {
            hold.Handles.WriteWordDurably(new LockWord(LockWordState.Idle, hold.Version));
            hold.NeedsResolve = false;
        }
        catch (StorageException)
        {
            // As above; and the caller is to hear of the first failure, not of this one.
        }
    }

    private void Publish(Participant[] participants, Lsn lsn)
    {
        Exception? first = null;
        foreach (Participant participant in participants)
        {
            try
            {
                Publish(participant, lsn);
            }
#pragma warning disable CA1031 // out of memory, or a defect: whatever it is, the transaction is durable, and the caller must not take it for undone
            catch (Exception failure)
            {
                first ??= failure;
            }
#pragma warning restore CA1031
        }

        if (first is not null)
        {
            _ = settlement.TryDisturb();
            throw new CommitNotPublishedException(lsn, first);
        }
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
                publisher.Remove(plan.Sandbox);
                hold.Abandon();
                hold.NeedsResolve = false;
                hold.Version = default;
                return;
            default:
                publisher.Publish(plan, participant.Staged, hold.Handles);
                hold.Handles.KnowAt(lsn);
                break;
        }

        hold.Handles.WriteWord(new LockWord(LockWordState.Idle, lsn));
        hold.Version = lsn;
        hold.NeedsResolve = false;
    }

    private void PublishNew(Participant participant, Lsn lsn)
    {
        SandboxHold hold = participant.Hold;
        hold.Adopt(new SandboxHandles(fs, roots, hold.Sandbox, new FileLock(fs, participant.Staged.LockFile!, waiting)));
        hold.NeedsResolve = true;
        try
        {
            publisher.PublishNew(participant.Staged);
        }
        catch when (participant.Staged.Appeared == 0)
        {
            // Not even its lock file has appeared: what was staged leads the next locker to the record.
            hold.Abandon();
            hold.NeedsResolve = false;
            throw;
        }

        hold.Handles.ForgetUnless(lsn);
    }
}
