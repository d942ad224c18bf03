using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Commit;
using SafeStore.Diagnostics;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Roots;
using SafeStore.Threads;
using SafeStore.Vocabulary;

namespace SafeStore.Recovery;

/// <summary>
/// Finishes in one sandbox what a dead process left between append and publish; the log decides. What it had only staged lies in its
/// scratch directory and needs nothing. Every step may be repeated, by the next locker, after a death in the middle.
/// </summary>
internal sealed class Resolver(RootSet roots, CommitLog log, StoreIdentity identity, ParkedRecords parked, EngineEvents events) : IResolver
{
    private readonly IDurableFileSystem _fs = roots.FileSystem;

    public bool IsParked(string sandbox, Lsn version) => parked.HasAbove(sandbox, version);

    public bool MayBeBegun(string sandbox) => parked.MayHave(sandbox);

    public ValueTask CheckAsync(string sandbox, LockWord word, CancellationToken cancellation) =>
        log.HasReached(word.Lsn) ? default : CheckInLogAsync(sandbox, word.Lsn, cancellation);

    public async ValueTask<LockWord?> ResolveAsync(SandboxHandles handles, LockWord word, CancellationToken cancellation)
    {
        (List<(SandboxPlan Plan, CommitRecord Record)> plans, bool areParked, Lsn last) =
            await FindAsync(handles.Sandbox, word.Lsn, cancellation).ConfigureAwait(false);
        if (word.State == LockWordState.Unknown)
        {
            LockWord.Reserve(_fs, roots.Run.Traits, handles.Lock.File);
        }

        if (word.State == LockWordState.Unknown && plans.Count > 0 && !areParked)
        {
            // Only the last one can be unpublished. A remover marks the word first: without the mark, another program has made the sandbox
            // since.
            plans = plans[^1].Plan.Kind == PlanKind.Remove ? [] : plans[^1..];
        }

        if (plans.Count == 0)
        {
            // A word that was lost starts at the end of the log, so that the sandbox's version does not go back.
            events.RolledBack(handles.Sandbox);
            return word.State == LockWordState.Unknown
                ? Write(handles, last, last) // any of them may have been of several
                : Write(handles, word.Lsn, word.OfSeveral);
        }

        Redo redo = Apply(handles.Sandbox, plans); // L5
        return redo.Exists ? Write(handles, redo.Last, Lsn.Max(word.OfSeveral, redo.OfSeveral)) : null; // L6
    }

    public async ValueTask<bool> FinishCreationAsync(string sandbox, CancellationToken cancellation)
    {
        Errno errno = _fs.Stat(roots.Run.New, sandbox, out _);
        if (errno == Errno.NotFound && !parked.MayHave(sandbox))
        {
            return false;
        }

        StorageException.ThrowIfFailed(
            errno == Errno.NotFound ? Errno.None : errno, "look for a creation", roots.Run.New, sandbox);
        (List<(SandboxPlan Plan, CommitRecord Record)> plans, bool areParked, _) =
            await FindAsync(sandbox, default, cancellation).ConfigureAwait(false);
        bool isInLog = plans.Count > 0 && plans[^1].Plan.Kind == PlanKind.Create;
        if (areParked)
        {
            isInLog = Apply(sandbox, plans).IsCreated;
        }
        else if (isInLog)
        {
            _ = Apply(sandbox, plans[^1..]);
        }

        RemoveNew(sandbox);
        return isInLog;
    }

    private async ValueTask CheckInLogAsync(string sandbox, Lsn lsn, CancellationToken cancellation)
    {
        using LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false);
        log.CheckReached(lsn, sandbox, hold);
    }

    private void RemoveNew(string sandbox)
    {
        string name = roots.Run.Scratch.NewName();
        Errno errno = _fs.Rename(roots.Run.New, sandbox, roots.Run.Scratch.Directory, name, RenameKind.NoReplace);
        StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "remove what was staged", roots.Run.New, sandbox);
        if (errno == Errno.None && !RemovedTree.TryRemove(_fs, roots.Run.Scratch, name))
        {
            events.NotEmptied(roots.Run.Scratch.Directory.Path);
        }
    }

    /// <summary>
    /// The transactions of a sandbox above an LSN, durable; whether some are parked: then they are all that are, whatever the word says;
    /// and the last LSN of the log.
    /// </summary>
    private async ValueTask<(List<(SandboxPlan Plan, CommitRecord Record)> Plans, bool AreParked, Lsn Last)> FindAsync(
        string sandbox, Lsn above, CancellationToken cancellation)
    {
        using LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false);
        log.Faults.ThrowIfFaulted();
        ParkedEntry? entry = parked.Find(sandbox) is { } found && found.Last > above ? found : null;
        List<(SandboxPlan Plan, CommitRecord Record)> plans =
            [.. CommittedPlans.Of(log.ReadAll(hold).Where(record => record.Lsn > above), log.Directory.Path, sandbox)];
        plans = entry is null ? plans : parked.Join(entry, plans);

        // Its process may have died before its sync: nothing may be seen that a power loss could still take back.
        Lsn last = log.LastLsn(hold);
        log.Sync(last, hold); // L4
        return (plans, entry is not null, last);
    }

    private Redo Apply(string sandbox, List<(SandboxPlan Plan, CommitRecord Record)> plans)
    {
        var redo = new Redo(sandbox);
        plans.ForEach(entry => redo.Add(entry.Plan, entry.Record));
        events.RolledForward(sandbox, redo.Last);
        events.Telemetry.RecoveredAtLock(plans.Count);
        using var inOrder = new ParallelCalls(1);
        using var applier = new RedoApplier(roots, identity, inOrder, events);
        applier.Apply(redo);
        if (redo.IsCreated && applier.Failed.Count == 0)
        {
            RemoveNew(sandbox); // it has appeared: from now on its lock word leads to the record
        }

        applier.Complete();
        if (applier.Failed.TryGetValue(sandbox, out StorageException? failure))
        {
            throw new StorageException($"finish the transactions of sandbox '{sandbox}'", failure.Path, failure.Errno, failure);
        }

        return redo;
    }

    private static LockWord Write(SandboxHandles handles, Lsn lsn, Lsn ofSeveral)
    {
        var word = new LockWord(LockWordState.Idle, lsn, ofSeveral);
        handles.WriteWord(word);
        return word;
    }
}
