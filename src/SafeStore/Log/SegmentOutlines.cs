using System;
using System.Collections.Generic;
using System.Threading;

namespace SafeStore.Log;

/// <summary>
/// The outlines of the records that this process has appended: their payloads without the documents' bytes. A checkpoint need not read a segment that this process has filled alone: what was written past the page cache
/// comes from the device, and all who append meanwhile would wait behind that.
/// </summary>
/// <remarks>
/// Invariant: an outline is believed only of a segment all of whose records are here. Of a segment that another process has appended to, or whose outlines would take too much memory, some are missing: it is read.
/// </remarks>
internal sealed class SegmentOutlines
{
    /// <summary>More than a log has, unless its checkpoints lag behind.</summary>
    private const int SegmentsMax = 8;

    private readonly Lock _gate = new();
    private readonly LinkedList<Segment> _segments = new();

    /// <summary>Keeps the outlines of the first transactions of a batch that has been appended. The caller holds the log lock.</summary>
    /// <param name="segment">The first LSN of the segment that it went to.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="count">How many of its transactions that segment has taken.</param>
    public void Add(Lsn segment, IReadOnlyList<PendingCommit> batch, int count)
    {
        lock (_gate)
        {
            try
            {
                Segment last = Current(segment);
                for (int i = 0; i < count; i++)
                {
                    last.Add(batch[i]);
                }
            }
            catch (OutOfMemoryException)
            {
                _segments.Clear(); // they are in the log
            }
        }
    }

    /// <summary>The records of a sealed segment, oldest first; null if not all of them are known here.</summary>
    public IEnumerable<(Lsn Lsn, ReadOnlyMemory<byte> Outline)>? Find(Lsn first, Lsn last)
    {
        lock (_gate)
        {
            foreach (Segment segment in _segments)
            {
                if (segment.First == first)
                {
                    return segment.Count == last.Value - first.Value + 1 ? segment.Read() : null;
                }
            }

            return null;
        }
    }

    /// <summary>Forgets the segments that begin at or below an LSN: the log has dropped them.</summary>
    public void Forget(Lsn upTo)
    {
        lock (_gate)
        {
            while (_segments.First is { } oldest && oldest.Value.First <= upTo)
            {
                _segments.RemoveFirst();
            }
        }
    }

    private Segment Current(Lsn first)
    {
        if (_segments.Last?.Value is { } last && last.First == first)
        {
            return last;
        }

        if (_segments.Count == SegmentsMax)
        {
            _segments.RemoveFirst();
        }

        return _segments.AddLast(new Segment(first)).Value;
    }

    /// <summary>What is known of one segment: a length of four bytes before each outline, in blocks, so that nothing grows by being copied. Not changed once it is sealed, hence read without the gate.</summary>
    private sealed class Segment(Lsn first)
    {
        private const int BytesMax = 512 * 1024;
        private const int BlockBytes = 16 * 1024;

        private readonly List<(byte[] Bytes, int Used)> _blocks = [];
        private long _bytes;

        public Lsn First => first;

        public int Count { get; private set; }

        public void Add(PendingCommit commit)
        {
            int size = sizeof(int) + commit.OutlineBytes;
            _bytes += size;
            if (_bytes > BytesMax)
            {
                _blocks.Clear();
                Count = 0; // too few ever after
                return;
            }

            if (_blocks.Count == 0 || _blocks[^1].Used + size > _blocks[^1].Bytes.Length)
            {
                _blocks.Add((new byte[Math.Max(size, BlockBytes)], 0));
            }

            (byte[] bytes, int used) = _blocks[^1];
            _ = BitConverter.TryWriteBytes(bytes.AsSpan(used), size - sizeof(int));
            commit.WriteOutline(bytes.AsSpan(used + sizeof(int), size - sizeof(int)));
            _blocks[^1] = (bytes, used + size);
            Count++;
        }

        public IEnumerable<(Lsn Lsn, ReadOnlyMemory<byte> Outline)> Read()
        {
            Lsn next = first;
            foreach ((byte[] bytes, int used) in _blocks)
            {
                for (int start = 0; start < used;)
                {
                    int length = BitConverter.ToInt32(bytes, start);
                    yield return (next, bytes.AsMemory(start + sizeof(int), length));
                    start += sizeof(int) + length;
                    next = next.Next;
                }
            }
        }
    }
}
