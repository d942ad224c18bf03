using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Roots;

namespace SafeStore.Recovery;

/// <summary>
/// Finishes what a dead process left between append and publish (roll forward), or removes what it staged (roll back); the log decides.
/// Every step may be repeated, by whoever comes next, after a death in the middle.
/// </summary>
internal sealed class Resolver(IDurableFileSystem fs, RootSet roots, CommitLog log, Stager stager, Publisher publisher, Sweeper sweeper, Settlement settlement, EngineEvents events) : IResolver
{
    public async ValueTask<LockWord?> ResolveAsync(SandboxHandles handles, LockWord word, CancellationToken cancellation)
    {
        settlement.Disturb();
        (Lsn lsn, SandboxPlan? plan, Lsn last) = await FindLastAsync(handles.Sandbox, word.Lsn, cancellation).ConfigureAwait(false);
        if (plan?.Kind == PlanKind.Remove && word.State == LockWordState.Unknown)
        {
            // A remover marks the word first. Without the mark, this sandbox is one that another program has made since.
            plan = null;
        }

        sweeper.Sweep(handles);
        if (plan is null)
        {
            events.RolledBack(handles.Sandbox);
            // A word that was lost starts at the end of the log, so that the sandbox's version does not go back.
            return Write(handles, word.State == LockWordState.Unknown ? last : word.Lsn);
        }

        events.RolledForward(handles.Sandbox, lsn);
        if (plan.Kind == PlanKind.Remove)
        {
            publisher.Remove(handles.Sandbox);
            return null;
        }

        Publish(plan, handles);
        return Write(handles, lsn);
    }

    public async ValueTask<bool> FinishCreationAsync(string sandbox, CancellationToken cancellation)
    {
        if (!sweeper.List(roots.Run.Stage).Any(entry => entry.Name == TempName.NewSandbox(sandbox)))
        {
            SweepStage(sandbox);
            return false;
        }

        (Lsn lsn, SandboxPlan? plan, _) = await FindLastAsync(sandbox, default, cancellation).ConfigureAwait(false);
        if (plan?.Kind != PlanKind.Create)
        {
            SweepStage(sandbox);
            return false;
        }

        events.RolledForward(sandbox, lsn);
        SweepStage(sandbox, kept: TempName.NewSandbox(sandbox));
        var staged = new StagedPlan();
        try
        {
            stager.BeginAgain(plan, staged);
            stager.StageNew(plan, staged);
            publisher.PublishNew(staged);
            new LockWord(LockWordState.Idle, lsn).Write(fs, staged.LockFile!);
            return true;
        }
        finally
        {
            staged.Close();
        }
    }

    /// <summary>The last transaction of a sandbox above an LSN, durable; and the last LSN of the log.</summary>
    private async ValueTask<(Lsn Lsn, SandboxPlan? Plan, Lsn Last)> FindLastAsync(string sandbox, Lsn above, CancellationToken cancellation)
    {
        using LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false);
        log.ThrowIfFaulted();
        List<(SandboxPlan Plan, CommitRecord Record)> plans = CommittedPlans.Of(log.ReadAll(hold).Where(record => record.Lsn > above), log.Directory.Path, sandbox);

        // Its process died before it synced, perhaps, the transaction or its abort: nothing may be seen that a power loss could still take back.
        Lsn last = log.LastLsn(hold);
        log.Sync(last, hold);
        return plans.Count == 0 ? (default, null, last) : (plans[^1].Record.Lsn, plans[^1].Plan, last);
    }

    private void Publish(SandboxPlan plan, SandboxHandles handles)
    {
        var staged = new StagedPlan();
        stager.Stage(plan, handles, staged);
        publisher.Publish(plan, staged, handles);
    }

    private void SweepStage(string sandbox, string? kept = null)
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            sweeper.SweepStage(root, sandbox, root.Root == StoreRoot.Run ? kept : null);
            sweeper.SweepTrash(root, sandbox);
        }
    }

    private static LockWord Write(SandboxHandles handles, Lsn lsn)
    {
        var word = new LockWord(LockWordState.Idle, lsn);
        handles.WriteWordDurably(word);
        return word;
    }
}
