using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;

namespace SafeStore.Transactions;

/// <summary>One sandbox of a transaction: the lock, what to do, and at which version.</summary>
internal sealed record Participant(SandboxHold Hold, SandboxPlan Plan, Lsn? RequiredVersion)
{
    public StagedPlan Staged { get; } = new();
}

/// <summary>
/// Commits transactions: check, mark, stage, append, publish, acknowledge (docs/commit-protocol.md, "Commit"). Before the append any
/// failure takes back what was done; after it none does.
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

        var commit = new PendingTransaction(Array.ConvertAll(changed, static participant => participant.Plan), TouchesDurableRoot(changed));
        using NameLocks.Hold? named = await LockNamesAsync(changed, cancellation).ConfigureAwait(false);
        await StageAndAppendAsync(changed, commit, cancellation).ConfigureAwait(false);
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
            CheckContainers(hold.Handles, plan);
        }
        else if (plan.Kind == PlanKind.Create)
        {
            CheckContainersOfNew(plan);
        }
    }

    private async ValueTask ResolveAsync(SandboxHold hold, CancellationToken cancellation)
    {
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

    private void CheckContainers(SandboxHandles handles, SandboxPlan plan)
    {
        foreach (string container in plan.CreatedContainers)
        {
            if (FindKind(handles, container) is not null)
            {
                throw new AlreadyExistsException("container", $"{plan.Sandbox}/{container}");
            }
        }

        foreach (DocumentPut put in plan.Puts)
        {
            CheckContainer(handles, plan, put.Key.Container);
            CheckNotCreated(plan, put.Key);
        }

        foreach (DocumentKey key in plan.Deletes)
        {
            CheckContainer(handles, plan, key.Container);
        }

        foreach (string container in plan.RemovedContainers)
        {
            CheckContainer(handles, plan, container);
        }
    }

    private static void CheckContainer(SandboxHandles handles, SandboxPlan plan, string? container)
    {
        if (container is not null && !plan.CreatedContainers.Contains(container)
            && handles.Find(StoreRoot.Run, container) is null && handles.Find(StoreRoot.Config, container) is null)
        {
            throw new NotFoundException("container", $"{plan.Sandbox}/{container}");
        }
    }

    private static void CheckContainersOfNew(SandboxPlan plan)
    {
        foreach (DocumentPut put in plan.Puts)
        {
            if (put.Key.Container is { } container && !plan.CreatedContainers.Contains(container))
            {
                throw new NotFoundException("container", $"{plan.Sandbox}/{container}");
            }

            CheckNotCreated(plan, put.Key);
        }

        if (plan.RemovedContainers.Length > 0)
        {
            throw new NotFoundException("container", $"{plan.Sandbox}/{plan.RemovedContainers[0]}");
        }
    }

    /// <summary>A document and a container of one name would be one name on the disk.</summary>
    private static void CheckNotCreated(SandboxPlan plan, DocumentKey key)
    {
        if (key.Container is null && plan.CreatedContainers.Contains(key.File))
        {
            throw new AlreadyExistsException("container", $"{plan.Sandbox}/{key.File}");
        }
    }

    private FileKind? FindKind(SandboxHandles handles, string name)
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            if (handles.Find(root.Root, null) is not { } sandbox)
            {
                continue;
            }

            Errno errno = fs.Stat(sandbox, name, out FileStatus status);
            if (errno != Errno.NotFound)
            {
                StorageException.ThrowIfFailed(errno, "look for a container", sandbox, name);
                return status.Kind;
            }
        }

        return null;
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

    private async ValueTask StageAndAppendAsync(Participant[] participants, PendingTransaction commit, CancellationToken cancellation)
    {
        try
        {
            foreach (Participant participant in participants)
            {
                cancellation.ThrowIfCancellationRequested();
                await StageAsync(participant, cancellation).ConfigureAwait(false);
            }

            _ = await committer.CommitAsync(commit, cancellation).ConfigureAwait(false);
        }
        catch when (commit.Outcome == AppendOutcome.NotAppended)
        {
            bool isTold = settlement.TryDisturb();
            foreach (Participant participant in participants)
            {
                TakeBack(participant, isTold);
            }

            throw;
        }
        catch
        {
            // The outcome is unknown: the lock words stay "committing", and recovery will tell.
            foreach (Participant participant in participants)
            {
                participant.Staged.LockFile?.Dispose();
            }

            throw;
        }
    }

    private async ValueTask StageAsync(Participant participant, CancellationToken cancellation)
    {
        (SandboxHold hold, SandboxPlan plan, _) = participant;
        if (plan.Kind != PlanKind.Create)
        {
            hold.NeedsResolve = true; // until the lock word says idle again
            hold.Handles.WriteWord(new LockWord(LockWordState.Committing, hold.Version));
            stager.Stage(plan, hold.Handles, participant.Staged);
        }
        else if (locker.Exists(plan.Sandbox))
        {
            throw new AlreadyExistsException("sandbox", plan.Sandbox);
        }
        else if (!stager.TryStageNew(plan, participant.Staged))
        {
            await StageAfterAnotherAsync(plan, participant.Staged, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Somebody died while he created this sandbox, or could not take back what he had staged.</summary>
    private async ValueTask StageAfterAnotherAsync(SandboxPlan plan, StagedPlan staged, CancellationToken cancellation)
    {
        if (await resolver.FinishCreationAsync(plan.Sandbox, cancellation).ConfigureAwait(false))
        {
            throw new AlreadyExistsException("sandbox", plan.Sandbox);
        }

        if (!stager.TryStageNew(plan, staged))
        {
            throw new StorageException("stage a new sandbox", $"{roots.Run.Stage.Path}/{TempName.NewSandbox(plan.Sandbox)}", Errno.Exists); // only another program could have put it there
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

/// <summary>A transaction as the log sees it.</summary>
internal sealed class PendingTransaction(SandboxPlan[] plans, bool needsSync) : PendingCommit
{
    public override int PayloadBytes { get; } = PlanCodec.SizeOf(plans);

    public override bool NeedsSync => needsSync;

    public override void WritePayload(Span<byte> target) => PlanCodec.Write(plans, target);
}
