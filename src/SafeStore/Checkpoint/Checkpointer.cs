using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Commit;
using SafeStore.Diagnostics;
using SafeStore.Log;
using SafeStore.Roots;
using SafeStore.Threads;
using SafeStore.Vocabulary;

namespace SafeStore.Checkpoint;

/// <summary>
/// Makes the documents themselves durable, once each however often they changed, so that the log's oldest segments can go
/// (docs/commit-protocol.md, "Checkpoint"). Needs no sandbox lock: a lock held for hours does not hold up the log.
/// </summary>
internal sealed class Checkpointer(
    RootSet roots, CheckpointLock turn, CommitLog log, DirtySegments dirty, PublishedSandboxes published, DocumentSyncer documents,
    EngineEvents events)
{
    /// <summary>More make a checkpoint shorter, and commits meanwhile wait longer for the filesystem's journal.</summary>
    private const int SyncsMax = 2;

    private readonly Watermarks _watermarks = new(roots);

    /// <summary>Checkpoints sealed segments, as far as their transactions are published.</summary>
    /// <param name="seal">Whether to seal the current segment first, so that all that was committed is checkpointed.</param>
    /// <param name="timeout">How long to wait for another checkpoint.</param>
    /// <param name="cancellation">Ends it; the watermark then stays.</param>
    /// <returns>The watermark; null if another checkpoint is under way.</returns>
    public async ValueTask<Lsn?> RunAsync(bool seal, TimeSpan timeout, CancellationToken cancellation)
    {
        using CheckpointLock.Hold? held = await turn.TryAcquireAsync(timeout, cancellation).ConfigureAwait(false); // K1
        if (held is null)
        {
            return null;
        }

        // What takes longer than a commit runs on threads of its own: those of the pool have commits in their queues.
        long start = turn.Time.GetTimestamp();
        using var threads = new ParallelCalls(Math.Min(roots.FileSystem.SyncsSideBySide, SyncsMax));
        List<Lsn> segments = await ListAsync(seal, threads, cancellation).ConfigureAwait(false); // K2
        Lsn mark = _watermarks.Config.Read()?.Lsn ?? default;
        // K3
        (List<Lsn> released, Lsn last, Dictionary<string, DirtySandbox> sandboxes) =
            await CollectAsync(segments, mark, threads, cancellation).ConfigureAwait(false);
        if (released.Count == 0)
        {
            return mark;
        }

        await documents.SyncAsync(sandboxes.Values, threads, cancellation).ConfigureAwait(false); // K4, K5
        await threads.RunAsync(() => Faulting(() => _watermarks.Advance(last))).ConfigureAwait(false); // K6
        List<string> detached;
        using (LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false))
        {
            detached = log.Detach(released, hold); // K7
        }

        await threads.RunAsync(() => Faulting(() => log.Directory.Release(detached))).ConfigureAwait(false); // K8
        events.CheckpointDone(last, released.Count, turn.Time.GetElapsedTime(start));
        return last;
    }

    private async ValueTask<List<Lsn>> ListAsync(bool seal, ParallelCalls threads, CancellationToken cancellation)
    {
        using LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false);
        log.Faults.ThrowIfFaulted();
        if (seal)
        {
            await threads.RunAsync(() => log.Seal(hold)).ConfigureAwait(false);
        }

        return log.Directory.List();
    }

    /// <summary>What sealed segments wrote, oldest first, up to one with a transaction that is not published yet.</summary>
    private async ValueTask<(List<Lsn> Released, Lsn Last, Dictionary<string, DirtySandbox> Sandboxes)> CollectAsync(
        List<Lsn> segments, Lsn mark, ParallelCalls threads, CancellationToken cancellation)
    {
        var released = new List<Lsn>();
        var all = new Dictionary<string, DirtySandbox>(StringComparer.Ordinal);
        Lsn last = mark;
        for (int i = 0; i + 1 < segments.Count; i++)
        {
            (Lsn first, Lsn end) = (segments[i], segments[i + 1].Previous);
            Dictionary<string, DirtySandbox> found = [];
            List<DirtySandbox> unpublished = [];
            await threads.RunAsync(() =>
            {
                found = dirty.Find(first, end) ?? Read(first, end);
                unpublished = [.. found.Values.Where(sandbox => !published.IsPublishedByItsWord(sandbox))];
            }).ConfigureAwait(false);
            foreach (DirtySandbox sandbox in unpublished)
            {
                if (!await published.IsPublishedAsync(sandbox, cancellation).ConfigureAwait(false))
                {
                    events.CheckpointWaits(sandbox.Sandbox, sandbox.Last);
                    return (released, last, all);
                }
            }

            foreach ((string id, DirtySandbox sandbox) in found)
            {
                if (!all.TryGetValue(id, out DirtySandbox? before))
                {
                    all.Add(id, before = new DirtySandbox(id));
                }

                before.Add(sandbox);
            }

            released.Add(segments[i]);
            last = end;
        }

        return (released, last, all);
    }

    private Dictionary<string, DirtySandbox> Read(Lsn first, Lsn last)
    {
        var sandboxes = new Dictionary<string, DirtySandbox>(StringComparer.Ordinal);
        Lsn read = first.Previous;
        foreach ((SandboxPlan plan, CommitRecord record) in CommittedPlans.Of(log.ReadSealed(first, last), log.Directory.Path))
        {
            if (!sandboxes.TryGetValue(plan.Sandbox, out DirtySandbox? sandbox))
            {
                sandboxes.Add(plan.Sandbox, sandbox = new DirtySandbox(plan.Sandbox));
            }

            sandbox.Add(plan, record.Lsn);
            read = record.Lsn;
        }

        return read == last
            ? sandboxes
            : throw new LogCorruptException(log.Directory.Path, 0, read.Next, "a sealed segment has fewer records than its successor says");
    }

    /// <summary>A sync that durability depends on: if it fails, the store is faulted.</summary>
    private void Faulting(Action sync)
    {
        try
        {
            sync();
        }
        catch (SyncFailedException failure)
        {
            throw log.Faults.Fault(failure.Path, failure.Errno);
        }
    }
}
