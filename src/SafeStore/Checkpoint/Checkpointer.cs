using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Commit;
using SafeStore.Diagnostics;
using SafeStore.Log;
using SafeStore.Recovery;
using SafeStore.Threads;
using SafeStore.Vocabulary;

namespace SafeStore.Checkpoint;

/// <summary>How much of the log a checkpoint is to take in.</summary>
internal enum CheckpointExtent
{
    /// <summary>The segments that are sealed anyway.</summary>
    SealedSegments,

    /// <summary>All that was committed: the current segment is sealed first.</summary>
    WholeLog,
}

/// <summary>
/// Makes the documents themselves durable, once each however often they changed, so that the log's oldest segments can go
/// (docs/commit-protocol.md, "Checkpoint"). Needs no sandbox lock: a lock held for hours does not hold up the log.
/// </summary>
internal sealed class Checkpointer(
    CheckpointLock turn, CommitLog log, DirtySegments dirty, PublishedSandboxes published, DocumentSyncer documents, ParkedRecords parked,
    EngineEvents events)
{
    /// <summary>More make a checkpoint shorter, and commits meanwhile wait longer for the filesystem's journal.</summary>
    private const int SyncsMax = 2;

    private readonly Watermarks _watermarks = parked.Watermarks;

    /// <summary>What kept the last checkpoint from releasing all sealed segments; null if nothing did.</summary>
    public string? Obstacle { get; private set; }

    /// <summary>Checkpoints sealed segments, as far as their transactions are published.</summary>
    /// <param name="extent">Whether all that was committed is to lie in sealed segments.</param>
    /// <param name="timeout">How long to wait for another checkpoint.</param>
    /// <param name="cancellation">Ends it; the watermark then stays.</param>
    /// <returns>The watermark; null if another checkpoint is under way.</returns>
    public async ValueTask<Lsn?> RunAsync(CheckpointExtent extent, TimeSpan timeout, CancellationToken cancellation)
    {
        using CheckpointLock.Hold? held = await turn.TryAcquireAsync(timeout, cancellation).ConfigureAwait(false); // K1
        if (held is null)
        {
            return null;
        }

        // What takes longer than a commit runs on threads of its own: those of the pool have commits in their queues.
        long start = turn.Time.GetTimestamp();
        using var threads = new ParallelCalls(Math.Min(log.Directory.FileSystem.SyncsSideBySide, SyncsMax));
        List<Lsn> segments = await ListAsync(extent, threads, cancellation).ConfigureAwait(false); // K2
        WatermarkState state = _watermarks.Config.Read()
            ?? throw new StoreMetadataException(log.Directory.Path, "the watermark's files are missing");
        CheckpointScope scope = await CollectAsync(segments, state, threads, cancellation).ConfigureAwait(false); // K3
        if (scope.Released.Count == 0 && scope.Parked.Values.SequenceEqual(state.Parked))
        {
            return scope.Last;
        }

        IReadOnlyDictionary<string, StorageException> blocked =
            await documents.SyncAsync(scope.Sandboxes.Values, threads, cancellation).ConfigureAwait(false); // K4, K5
        if (blocked.Count > 0 && !await TryParkAsync(blocked, scope, state, cancellation).ConfigureAwait(false))
        {
            return state.Lsn;
        }

        (Lsn last, ImmutableArray<ParkedEntry> entries) = (scope.Last, [.. scope.Parked.Values]);
        await threads.RunAsync(() => Faulting(() => _watermarks.Advance(last, entries))).ConfigureAwait(false); // K6
        List<string> detached;
        using (LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false))
        {
            detached = log.Detach(scope.Released, hold); // K7
            parked.Trim(entries);
        }

        await threads.RunAsync(() => Faulting(() => log.Directory.Release(detached))).ConfigureAwait(false); // K8
        events.CheckpointDone(last, scope.Released.Count, turn.Time.GetElapsedTime(start), log.Bytes);
        return last;
    }

    private async ValueTask<List<Lsn>> ListAsync(CheckpointExtent extent, ParallelCalls threads, CancellationToken cancellation)
    {
        using LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false);
        log.Faults.ThrowIfFaulted();
        if (extent == CheckpointExtent.WholeLog)
        {
            await threads.RunAsync(() => log.Seal(hold)).ConfigureAwait(false);
        }

        return log.Directory.List();
    }

    /// <summary>What sealed segments wrote, oldest first, up to one with a transaction that is neither published nor parked.</summary>
    private async ValueTask<CheckpointScope> CollectAsync(
        List<Lsn> segments, WatermarkState state, ParallelCalls threads, CancellationToken cancellation)
    {
        var scope = new CheckpointScope(state.Lsn);
        Obstacle = null;
        foreach (ParkedEntry entry in state.Parked)
        {
            DirtySandbox sandbox = DirtyOf(entry);
            if (await published.FindObstacleAsync(sandbox, cancellation).ConfigureAwait(false) is null)
            {
                scope.Add(sandbox);
            }
            else
            {
                scope.Park(entry, sandbox);
            }
        }

        for (int i = 0; i + 1 < segments.Count; i++)
        {
            (Lsn first, Lsn end) = (segments[i], segments[i + 1].Previous);
            Dictionary<string, DirtySandbox> found = [];
            List<DirtySandbox> unpublished = [];
            await threads.RunAsync(() =>
            {
                found = dirty.Find(first, end) ?? Read(first, end);
                unpublished = [.. found.Values.Where(sandbox => !scope.IsParked(sandbox) && !published.IsPublishedByItsWord(sandbox))];
            }).ConfigureAwait(false);
            if (!await TryPublishAsync(unpublished, scope, state, cancellation).ConfigureAwait(false))
            {
                return scope;
            }

            foreach (DirtySandbox sandbox in found.Values.Where(sandbox => !scope.IsParked(sandbox)))
            {
                scope.Add(sandbox);
            }

            scope.Release(segments[i], end);
        }

        return scope;
    }

    /// <summary>Publishes what dead processes have left, or parks it.</summary>
    private async ValueTask<bool> TryPublishAsync(
        List<DirtySandbox> unpublished, CheckpointScope scope, WatermarkState state, CancellationToken cancellation)
    {
        var blocked = new Dictionary<string, StorageException>(StringComparer.Ordinal);
        foreach (DirtySandbox sandbox in unpublished)
        {
            SafeStoreException? obstacle = await published.FindObstacleAsync(sandbox, cancellation).ConfigureAwait(false);
            if (obstacle is StorageException { Errno: var errno } lasting && ParkedRecords.IsLasting(errno))
            {
                blocked.Add(sandbox.Sandbox, lasting);
            }
            else if (obstacle is not null)
            {
                Obstacle = $"sandbox '{sandbox.Sandbox}' has a transaction that is not published: {obstacle.Message}";
                events.CheckpointWaits(sandbox.Sandbox, sandbox.Last);
                return false;
            }
        }

        return blocked.Count == 0 || await TryParkAsync(blocked, scope, state, cancellation).ConfigureAwait(false);
    }

    /// <summary>Parks all that the log has of some sandboxes, whichever segment it is in.</summary>
    private async ValueTask<bool> TryParkAsync(
        IReadOnlyDictionary<string, StorageException> blocked, CheckpointScope scope, WatermarkState state, CancellationToken cancellation)
    {
        List<(SandboxPlan Plan, CommitRecord Record)> all;
        using (LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false))
        {
            IEnumerable<CommitRecord> records = log.ReadAll(hold).Where(record => record.Lsn > state.Lsn);
            all = [.. CommittedPlans.Of(records, log.Directory.Path).Where(transaction => blocked.ContainsKey(transaction.Plan.Sandbox))];
            log.Sync(log.LastLsn(hold), hold);
        }

        foreach ((string sandbox, StorageException reason) in blocked)
        {
            Obstacle = $"sandbox '{sandbox}' has a transaction that can neither be applied nor parked: {reason.Message}";
            ParkedEntry? known = state.Parked.FirstOrDefault(entry => entry.Sandbox == sandbox);
            List<(SandboxPlan Plan, CommitRecord Record)> own =
                all.FindAll(transaction => transaction.Plan.Sandbox == sandbox && !(transaction.Record.Lsn <= known?.Last));
            if (known is null && own.Count == 0)
            {
                continue; // they are below the watermark, in a segment that was not released then
            }

            if (Park(sandbox, known, own) is not { } entry)
            {
                return false;
            }

            scope.Park(entry);
            events.Parked(sandbox, entry.Last, reason);
        }

        bool fits = (state with { Parked = [.. scope.Parked.Values] }).Fits;
        Obstacle = fits ? null : Obstacle;
        return fits;
    }

    private ParkedEntry? Park(string sandbox, ParkedEntry? known, List<(SandboxPlan Plan, CommitRecord Record)> own)
    {
        try
        {
            return known is null ? parked.Write(sandbox, own) : own.Count == 0 ? known : parked.Write(sandbox, parked.Join(known, own));
        }
        catch (Exception failure) when (failure is StorageException or LogCorruptException)
        {
            events.ParkedStaysInLog(sandbox, failure);
            return null;
        }
        catch (NotDurableException failure)
        {
            throw log.Faults.Fault(failure.Path, failure.Errno);
        }
    }

    /// <summary>What was parked and is published by now: a process may have published it before it was parked.</summary>
    private DirtySandbox DirtyOf(ParkedEntry entry)
    {
        var sandbox = new DirtySandbox(entry.Sandbox);
        try
        {
            parked.Join(entry, []).ForEach(transaction => sandbox.Add(transaction.Plan, transaction.Record.Lsn));
        }
        catch (LogCorruptException damage)
        {
            events.ParkedLost(entry.Sandbox, damage);
            return DirtySandbox.OfParked(entry.Sandbox, entry.Last);
        }

        return sandbox;
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
