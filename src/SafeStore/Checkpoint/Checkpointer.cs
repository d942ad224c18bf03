using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Locking;
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
    IDurableFileSystem fs,
    RootSet roots,
    CommitLog log,
    Watermark watermark,
    NameLocks names,
    SandboxLocker locker,
    IResolver resolver,
    WholeSyncer whole,
    LockWaiting waiting,
    EngineEvents events)
{
    private const string LockName = "checkpoint.lock";

    /// <summary>More make a checkpoint shorter, and those who commit meanwhile wait longer for the filesystem's journal.</summary>
    private const int SyncsMax = 2;

    private readonly DocumentSyncer _documents = new(fs, roots, log, locker, whole, waiting);

    /// <summary>Checkpoints sealed segments, as far as their transactions are published.</summary>
    /// <param name="seal">Whether to seal the current segment first, so that all that was committed is checkpointed.</param>
    /// <param name="kept">How many of the newest sealed segments stay in the log: what they write again needs no sync now.</param>
    /// <param name="timeout">How long to wait for another process or flow that is at it.</param>
    /// <param name="cancellation">Ends it; the watermark then stays.</param>
    /// <returns>The watermark; null if another process or flow is at it.</returns>
    public async ValueTask<Lsn?> RunAsync(bool seal, int kept, TimeSpan timeout, CancellationToken cancellation)
    {
        using FileLock fileLock = FileLock.Open(fs, roots.Config.Metadata, LockName, waiting);
        if (!await waiting.TryUntilAsync(static state => state.TryAcquire(LockMode.Exclusive), fileLock, timeout, cancellation).ConfigureAwait(false))
        {
            return null;
        }

        long start = waiting.Time.GetTimestamp();

        // Whatever takes longer than a commit is done apart from the pool, whose threads have commits in their queues.
        using var apart = new SideBySide(Math.Min(fs.SyncsSideBySide, SyncsMax));
        List<Lsn> segments = await ListAsync(seal, apart, cancellation).ConfigureAwait(false);
        Lsn mark = watermark.Read() ?? default;
        (List<Lsn> released, Lsn last, Dictionary<string, DirtySandbox> touched) = await CollectAsync(segments, kept, mark, apart, cancellation).ConfigureAwait(false);
        if (released.Count == 0)
        {
            return mark;
        }

        await apart.RunAsync(() => DropRewritten(touched, segments, released.Count)).ConfigureAwait(false);
        await _documents.SyncAsync(touched.Values, apart, cancellation).ConfigureAwait(false);
        await apart.RunAsync(() => AdvanceWatermark(last)).ConfigureAwait(false);
        List<string> detached;
        using (LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false))
        {
            detached = log.Detach(released, hold);
        }

        await apart.RunAsync(() => Release(detached)).ConfigureAwait(false);
        events.CheckpointDone(last, released.Count, waiting.Time.GetElapsedTime(start));
        return last;
    }

    private async ValueTask<List<Lsn>> ListAsync(bool seal, SideBySide apart, CancellationToken cancellation)
    {
        using LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false);
        log.ThrowIfFaulted();
        if (seal)
        {
            await apart.RunAsync(() => log.Seal(hold)).ConfigureAwait(false);
        }

        return log.Directory.List();
    }

    /// <summary>Reads sealed segments, oldest first, up to one with a transaction that is not published yet.</summary>
    private async ValueTask<(List<Lsn> Released, Lsn Last, Dictionary<string, DirtySandbox> Touched)> CollectAsync(List<Lsn> segments, int kept, Lsn mark, SideBySide apart, CancellationToken cancellation)
    {
        var released = new List<Lsn>();
        var all = new Dictionary<string, DirtySandbox>(StringComparer.Ordinal);
        Lsn last = mark;
        for (int i = 0; i + 1 + kept < segments.Count; i++)
        {
            (Lsn first, Lsn end) = (segments[i], segments[i + 1].Previous);
            Dictionary<string, DirtySandbox> touched = [];
            List<DirtySandbox> doubtful = [];
            await apart.RunAsync(() =>
            {
                touched = Read(first, end);
                doubtful = [.. touched.Values.Where(touch => !IsPublishedByItsWord(touch))];
            }).ConfigureAwait(false);
            foreach (DirtySandbox touch in doubtful)
            {
                if (await IsPublishedAsync(touch, cancellation).ConfigureAwait(false))
                {
                    continue;
                }

                bool isAborted = false;
                await apart.RunAsync(() => isAborted = IsAborted(touch, segments)).ConfigureAwait(false);
                if (!isAborted)
                {
                    events.CheckpointWaits(touch.Sandbox, touch.Last);
                    return (released, last, all);
                }
            }

            foreach ((string sandbox, DirtySandbox touch) in touched)
            {
                if (all.TryGetValue(sandbox, out DirtySandbox? before))
                {
                    touch.Add(before);
                }

                all[sandbox] = touch;
            }

            released.Add(segments[i]);
            last = end;
        }

        return (released, last, all);
    }

    private Dictionary<string, DirtySandbox> Read(Lsn first, Lsn last)
    {
        var touched = new Dictionary<string, DirtySandbox>(StringComparer.Ordinal);
        foreach ((SandboxPlan plan, Lsn lsn) in ReadPlans(first, last))
        {
            if (!touched.TryGetValue(plan.Sandbox, out DirtySandbox? touch))
            {
                touched.Add(plan.Sandbox, touch = new DirtySandbox(plan.Sandbox));
            }

            touch.Add(plan, lsn);
        }

        return touched;
    }

    /// <summary>
    /// Forgets what the sealed segments that stay in the log write again. Those are durable and above the watermark: after a power loss, recovery
    /// makes it from them, whatever the disk has. What the current segment writes again is not known to be durable.
    /// </summary>
    private void DropRewritten(Dictionary<string, DirtySandbox> touched, List<Lsn> segments, int released)
    {
        for (int i = released; i + 1 < segments.Count; i++)
        {
            foreach ((SandboxPlan plan, Lsn lsn) in ReadPlans(segments[i], segments[i + 1].Previous))
            {
                if (touched.TryGetValue(plan.Sandbox, out DirtySandbox? touch))
                {
                    touch.AddLater(plan, lsn);
                }
            }
        }

        foreach (DirtySandbox touch in touched.Values)
        {
            touch.EndLater();
        }
    }

    /// <summary>The plans of a sealed segment. Not their documents' bytes.</summary>
    private IEnumerable<(SandboxPlan Plan, Lsn Lsn)> ReadPlans(Lsn first, Lsn last)
    {
        var names = new NamePool();
        Lsn read = first.Previous;
        foreach ((Lsn lsn, ReadOnlyMemory<byte> outline) in log.ReadOutlines(first, last))
        {
            foreach (SandboxPlan plan in CommittedPlans.Read(lsn, outline, log.Directory.Path, names))
            {
                yield return (plan, lsn);
            }

            read = lsn;
        }

        if (read != last)
        {
            throw new LogCorruptException(log.Directory.Path, 0, read.Next, "a sealed segment has fewer records than its successor says");
        }
    }

    private bool IsPublishedByItsWord(DirtySandbox touch)
    {
        try
        {
            touch.Published = WordOf(touch.Sandbox) is { State: not LockWordState.Unknown } word ? word.Lsn : default;
        }
        catch (StorageException)
        {
            return false; // who goes into the doubt meets the same error, and tells
        }

        return touch.Published.Value > 0 && touch.Published >= touch.Last;
    }

    /// <summary>Whether a sealed segment has the abort of a transaction that was never published: who still holds the lock need not have committed since.</summary>
    private bool IsAborted(DirtySandbox touch, List<Lsn> segments)
    {
        for (int i = 0; i + 1 < segments.Count; i++)
        {
            foreach ((SandboxPlan plan, Lsn lsn) in ReadPlans(segments[i], segments[i + 1].Previous))
            {
                if (plan.Sandbox == touch.Sandbox && lsn > touch.Last)
                {
                    return plan.Kind == PlanKind.Abort && plan.Aborted == touch.Last;
                }
            }
        }

        return false;
    }

    private LockWord? WordOf(string sandbox) => LockWord.TryRead(fs, roots.Run.Directory, SandboxHandles.LockPathOf(sandbox));

    private async ValueTask<bool> IsPublishedAsync(DirtySandbox touch, CancellationToken cancellation)
    {
        if (IsPublishedByItsWord(touch))
        {
            return true; // by now
        }

        try
        {
            return WordOf(touch.Sandbox) is null && !locker.Exists(touch.Sandbox)
                ? await IsGoneAsync(touch.Sandbox, cancellation).ConfigureAwait(false)
                : await ResolveAsync(touch.Sandbox, cancellation).ConfigureAwait(false);
        }
        catch (StorageException failure)
        {
            events.BackgroundFailed($"resolve sandbox {touch.Sandbox} for the checkpoint", failure); // its segment waits; those before it need not
            return false;
        }
    }

    /// <summary>A sandbox without any directory: removed since, or its creation is between append and publish. Its name lock tells.</summary>
    private async ValueTask<bool> IsGoneAsync(string sandbox, CancellationToken cancellation)
    {
        try
        {
            using NameLocks.Hold name = await names.AcquireAsync([sandbox], TimeSpan.Zero, cancellation).ConfigureAwait(false);
            if (locker.Exists(sandbox))
            {
                return false; // made anew while we looked; the next checkpoint reads its lock word
            }

            _ = await resolver.FinishCreationAsync(sandbox, cancellation).ConfigureAwait(false);
            return true;
        }
        catch (LockTimeoutException)
        {
            return false; // being created or removed at this moment
        }
    }

    /// <summary>Whoever gets the lock finds everything published, or publishes it; who does not get it meets somebody at work.</summary>
    private async ValueTask<bool> ResolveAsync(string sandbox, CancellationToken cancellation)
    {
        try
        {
            using SandboxHold hold = await locker.LockAsync(sandbox, LockMode.Exclusive, TimeSpan.Zero, cancellation).ConfigureAwait(false);
            return true;
        }
        catch (LockTimeoutException)
        {
            return false;
        }
        catch (NotFoundException)
        {
            return await IsGoneAsync(sandbox, cancellation).ConfigureAwait(false);
        }
    }

    private void Release(List<string> detached)
    {
        try
        {
            log.Directory.Release(detached);
        }
        catch (SyncFailedException failure)
        {
            throw log.Fault(failure.Path, failure.Errno);
        }
    }

    private void AdvanceWatermark(Lsn last)
    {
        try
        {
            watermark.Advance(last);
        }
        catch (SyncFailedException failure)
        {
            throw log.Fault(failure.Path, failure.Errno);
        }
    }
}
