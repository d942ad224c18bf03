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
