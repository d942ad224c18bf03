using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;

namespace SafeStore.Transactions;

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
    LockWaiting waiting,
    EngineEvents events)
{
    private const string LockName = "checkpoint.lock";

    /// <summary>More make a checkpoint shorter, and those who commit meanwhile wait longer for the filesystem's journal.</summary>
    private const int SyncsMax = 2;

    private readonly DocumentSyncer _documents = new(fs, roots, log, locker, waiting);

    /// <summary>Checkpoints all sealed segments, as far as their transactions are published; first seals the current one if asked to.</summary>
    /// <returns>The watermark; null if another process or flow is at it.</returns>
    public async ValueTask<Lsn?> RunAsync(bool seal, TimeSpan timeout, CancellationToken cancellation)
    {
        using FileLock fileLock = FileLock.Open(fs, roots.Config.Metadata, LockName, waiting);
        if (!await waiting.TryUntilAsync(static state => state.TryAcquire(LockMode.Exclusive), fileLock, timeout, cancellation).ConfigureAwait(false))
        {
            return null;
        }

        // Whatever takes longer than a commit is done apart from the pool, whose threads have commits in their queues.
        using var apart = new SideBySide(Math.Min(fs.SyncsSideBySide, SyncsMax));
        List<Lsn> segments = await ListAsync(seal, apart, cancellation).ConfigureAwait(false);
        Lsn mark = watermark.Read() ?? default;
        (List<Lsn> released, Lsn last, Dictionary<string, SandboxTouch> touched) = await CollectAsync(segments, mark, apart, cancellation).ConfigureAwait(false);
        if (released.Count == 0)
        {
            return mark;
        }

        await _documents.SyncAsync(touched.Values, apart, cancellation).ConfigureAwait(false);
        await apart.RunAsync(() => AdvanceWatermark(last)).ConfigureAwait(false);
        List<string> detached;
        using (LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false))
        {
            detached = log.Directory.Detach(released);
        }

        await apart.RunAsync(() => Release(detached)).ConfigureAwait(false);
        events.CheckpointDone(last, released.Count);
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
    private async ValueTask<(List<Lsn> Released, Lsn Last, Dictionary<string, SandboxTouch> Touched)> CollectAsync(List<Lsn> segments, Lsn mark, SideBySide apart, CancellationToken cancellation)
    {
        var released = new List<Lsn>();
        var all = new Dictionary<string, SandboxTouch>(StringComparer.Ordinal);
        Lsn last = mark;
        for (int i = 0; i + 1 < segments.Count; i++)
        {
            (Lsn first, Lsn end) = (segments[i], segments[i + 1].Previous);
            Dictionary<string, SandboxTouch> touched = [];
            List<SandboxTouch> doubtful = [];
            await apart.RunAsync(() =>
            {
                touched = Read(first, end);
                doubtful = [.. touched.Values.Where(touch => !IsPublishedByItsWord(touch))];
            }).ConfigureAwait(false);
            foreach (SandboxTouch touch in doubtful)
            {
                if (!await IsPublishedAsync(touch, cancellation).ConfigureAwait(false))
                {
                    events.CheckpointWaits(touch.Sandbox, touch.Last);
                    return (released, last, all);
                }
            }

            foreach ((string sandbox, SandboxTouch touch) in touched)
            {
                if (all.TryGetValue(sandbox, out SandboxTouch? before))
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

    private Dictionary<string, SandboxTouch> Read(Lsn first, Lsn last)
    {
        var touched = new Dictionary<string, SandboxTouch>(StringComparer.Ordinal);
        var names = new NamePool();
        Lsn read = first.Previous;
        foreach (CommitRecord record in LogScanner.ReadSegment(log.Directory, first, last, lendsPayloads: true))
        {
            foreach (SandboxPlan plan in Resolver.PlansOf(record, log.Directory.Path, names))
            {
                if (!touched.TryGetValue(plan.Sandbox, out SandboxTouch? touch))
                {
                    touched.Add(plan.Sandbox, touch = new SandboxTouch(plan.Sandbox));
                }

                touch.Add(plan, record.Lsn);
            }

            read = record.Lsn;
        }

        return read == last ? touched : throw new LogCorruptException(log.Directory.Path, 0, read.Next, "a sealed segment has fewer records than its successor says");
    }

    private bool IsPublishedByItsWord(SandboxTouch touch) =>
        WordOf(touch.Sandbox) is { State: not LockWordState.Unknown } word && word.Lsn >= touch.Last;

    private LockWord? WordOf(string sandbox) => LockWord.TryRead(fs, roots.Run.Directory, SandboxHandles.LockPathOf(sandbox));

    private async ValueTask<bool> IsPublishedAsync(SandboxTouch touch, CancellationToken cancellation)
    {
        if (IsPublishedByItsWord(touch))
        {
            return true; // by now
        }

        return WordOf(touch.Sandbox) is null && !locker.Exists(touch.Sandbox)
            ? await IsGoneAsync(touch.Sandbox, cancellation).ConfigureAwait(false)
            : await ResolveAsync(touch.Sandbox, cancellation).ConfigureAwait(false);
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

/// <summary>What the transactions of some segments touched in one sandbox.</summary>
internal sealed class SandboxTouch(string sandbox)
{
    private readonly HashSet<DocumentKey> _documents = [];
    private HashSet<(StoreRoot Root, string? Container)>? _containers;
    private bool _config;
    private bool _run;

    public string Sandbox => sandbox;

    /// <summary>The LSN of the last of them.</summary>
    public Lsn Last { get; private set; }

    public IReadOnlyCollection<DocumentKey> Documents => _documents;

    /// <summary>The directories, the sandbox's own and its containers', in which a name may have changed.</summary>
    public IEnumerable<(StoreRoot Root, string? Container)> Directories
    {
        get
        {
            foreach ((StoreRoot Root, string? Container) container in _containers ?? [])
            {
                yield return container;
            }

            if (_config)
            {
                yield return (StoreRoot.Config, null);
            }

            if (_run)
            {
                yield return (StoreRoot.Run, null);
            }
        }
    }

    public void Add(SandboxPlan plan, Lsn lsn)
    {
        Last = Lsn.Max(Last, lsn);
        if (plan.Kind != PlanKind.Update || plan.CreatedContainers.Length + plan.RemovedContainers.Length > 0)
        {
            (_config, _run) = (true, true);
        }

        foreach (DocumentPut put in plan.Puts)
        {
            _ = _documents.Add(put.Key);
            AddDirectory(put.Key.Root, put.Key.Container);
        }

        foreach (DocumentKey key in plan.Deletes)
        {
            AddDirectory(key.Root, key.Container);
        }

        foreach (string container in plan.CreatedContainers)
        {
            AddDirectory(StoreRoot.Config, container);
            AddDirectory(StoreRoot.Run, container);
        }
    }

    public void Add(SandboxTouch other)
    {
        Last = Lsn.Max(Last, other.Last);
        _documents.UnionWith(other._documents);
        foreach ((StoreRoot root, string? container) in other.Directories)
        {
            AddDirectory(root, container);
        }
    }

    private void AddDirectory(StoreRoot root, string? container)
    {
        if (container is not null)
        {
            _ = (_containers ??= []).Add((root, container));
        }

        // The sandbox's own too: the container may have been made in it for this.
        _config |= root == StoreRoot.Config;
        _run |= root == StoreRoot.Run;
    }
}
