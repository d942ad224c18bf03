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
/// <param name="segmentsMax">Of how many segments outlines are kept, the newest.</param>
/// <param name="segmentBytes">How large segments are: the outlines of one may take an eighth of that.</param>
internal sealed class SegmentOutlines(int segmentsMax, long segmentBytes)
{
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
                    return segment.Next == last.Next ? segment.Read() : null;
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

        if (_segments.Count == segmentsMax)
        {
            _segments.RemoveFirst();
        }

        return _segments.AddLast(new Segment(first, segmentBytes / 8)).Value;
    }

    /// <summary>
    /// What is known of one segment: a length of four bytes before each outline, in blocks, so that nothing grows by being copied. Not changed once the segment is sealed, hence read without the gate.
    /// </summary>
    private sealed class Segment(Lsn first, long bytesMax)
    {
        private readonly int _blockBytes = (int)Math.Min(bytesMax, 16 * 1024);
        private readonly List<(byte[] Bytes, int Used)> _blocks = [];
        private long _bytes;

        public Lsn First => first;

        /// <summary>The LSN after the last record that is known; none, and for good, once one is missing.</summary>
        public Lsn? Next { get; private set; } = first;

        public void Add(PendingCommit commit)
        {
            int size = sizeof(int) + commit.OutlineBytes;
            if (commit.Lsn != Next || !TryMakeRoom(size))
            {
                _blocks.Clear();
                Next = null;
                return;
            }

            (byte[] bytes, int used) = _blocks[^1];
            _ = BitConverter.TryWriteBytes(bytes.AsSpan(used), size - sizeof(int));
            commit.WriteOutline(bytes.AsSpan(used + sizeof(int), size - sizeof(int)));
            _blocks[^1] = (bytes, used + size);
            Next = commit.Lsn.Next;
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

        private bool TryMakeRoom(int size)
        {
            if (_blocks.Count > 0 && _blocks[^1].Used + size <= _blocks[^1].Bytes.Length)
            {
                return true;
            }

            int block = Math.Max(size, _blockBytes);
            _bytes += block;
            if (_bytes > bytesMax)
            {
                return false;
            }

            _blocks.Add((new byte[block], 0));
            return true;
        }
    }
}
