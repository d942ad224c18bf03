using System;
using System.Collections.Generic;
using System.Threading;
using SafeStore.Commit;
using SafeStore.Log;

namespace SafeStore.Checkpoint;

/// <summary>
/// What this process has appended, by segment: which sandboxes, which documents. A checkpoint need not read a segment that this process has
/// filled alone: what was written past the page cache comes from the device, and every append meanwhile waits behind that. Bounded by the
/// number of documents.
/// </summary>
/// <remarks>
/// Invariant: it is believed only of a segment all of whose records are here. Of one that another process has appended to, some are
/// missing: it is read.
/// </remarks>
internal sealed class DirtySegments : IAppendObserver
{
    private readonly Lock _gate = new();
    private readonly LinkedList<Segment> _segments = new();

    public void Appended(Lsn segment, IReadOnlyList<PendingCommit> batch, int count)
    {
        lock (_gate)
        {
            try
            {
                if (_segments.Last?.Value is not { } last || last.First != segment)
                {
                    last = _segments.AddLast(new Segment(segment)).Value;
                }

                for (int i = 0; i < count; i++)
                {
                    last.Add((PendingPlans)batch[i]);
                }
            }
            catch (OutOfMemoryException)
            {
                _segments.Clear(); // they are in the log
            }
        }
    }

    public void Released(Lsn upTo)
    {
        lock (_gate)
        {
            while (_segments.First is { } oldest && oldest.Value.First <= upTo)
            {
                _segments.RemoveFirst();
            }
        }
    }

    /// <summary>The sandboxes that a sealed segment's records name; null if not all of its records are known here.</summary>
    public Dictionary<string, DirtySandbox>? Find(Lsn first, Lsn last)
    {
        lock (_gate)
        {
            foreach (Segment segment in _segments)
            {
                if (segment.First == first)
                {
                    return segment.Next == last.Next ? segment.Sandboxes : null;
                }
            }

            return null;
        }
    }

    private sealed class Segment(Lsn first)
    {
        public Lsn First => first;

        /// <summary>The LSN after the last record that is known; none, and for good, once one is missing.</summary>
        public Lsn? Next { get; private set; } = first;

        /// <summary>Not changed once the segment is sealed, hence read without the gate.</summary>
        public Dictionary<string, DirtySandbox> Sandboxes { get; } = new(StringComparer.Ordinal);

        public void Add(PendingPlans commit)
        {
            if (commit.Lsn != Next)
            {
                Next = null;
                Sandboxes.Clear();
                return;
            }

            foreach (SandboxPlan plan in commit.Plans)
            {
                if (!Sandboxes.TryGetValue(plan.Sandbox, out DirtySandbox? sandbox))
                {
                    Sandboxes.Add(plan.Sandbox, sandbox = new DirtySandbox(plan.Sandbox));
                }

                sandbox.Add(plan, commit.Lsn);
            }

            Next = commit.Lsn.Next;
        }
    }
}

/// <summary>What the transactions of some segments wrote in one sandbox, and a checkpoint has to make durable.</summary>
internal sealed class DirtySandbox(string sandbox)
{
    private readonly HashSet<DocumentKey> _documents = [];
    private readonly HashSet<(StoreRoot Root, string Container)> _made = [];

    public string Sandbox => sandbox;

    /// <summary>The LSN of the last of them.</summary>
    public Lsn Last { get; private set; }

    /// <summary>The documents that were written or deleted.</summary>
    public IReadOnlyCollection<DocumentKey> Documents => _documents;

    /// <summary>Whether the sandbox itself or a container of it was made or removed.</summary>
    public bool IsMadeOrRemoved { get; private set; }

    public void Add(SandboxPlan plan, Lsn lsn)
    {
        Last = lsn;
        IsMadeOrRemoved |= plan.Kind != PlanKind.Update || plan.CreatedContainers.Length + plan.RemovedContainers.Length > 0;
        foreach (DocumentPut put in plan.Puts)
        {
            _ = _documents.Add(put.Key);
        }

        foreach (DocumentKey key in plan.Deletes)
        {
            _ = _documents.Add(key);
        }

        foreach (string container in plan.CreatedContainers)
        {
            _ = _made.Add((StoreRoot.Config, container));
            _ = _made.Add((StoreRoot.Run, container));
        }
    }

    /// <summary>One whose transactions are not known: but for the lock word, they were made durable when they were applied.</summary>
    public static DirtySandbox OfParked(string sandbox, Lsn last) => new(sandbox) { Last = last };

    /// <summary>Adds what other segments wrote.</summary>
    public void Add(DirtySandbox other)
    {
        Last = Lsn.Max(Last, other.Last);
        IsMadeOrRemoved |= other.IsMadeOrRemoved;
        _documents.UnionWith(other._documents);
        _made.UnionWith(other._made);
    }

    /// <summary>Adds the directories, the sandbox's own (null) and its containers', in which a name may have changed.</summary>
    public void CollectDirectories(HashSet<(StoreRoot Root, string? Container)> directories)
    {
        foreach ((StoreRoot root, string container) in _made)
        {
            _ = directories.Add((root, container));
        }

        foreach (DocumentKey key in _documents)
        {
            // The sandbox's own too: the container may have been made in it for this.
            _ = directories.Add((key.Root, key.Container));
            _ = directories.Add((key.Root, null));
        }

        if (IsMadeOrRemoved)
        {
            _ = directories.Add((StoreRoot.Config, null));
            _ = directories.Add((StoreRoot.Run, null));
        }
    }
}
