using System;
using System.Collections.Generic;

namespace SafeStore.Log;

/// <summary>
/// As many transactions of a batch as fit into a segment, as the bytes of their records, padded to whole blocks.
/// </summary>
internal readonly ref struct BatchEncoder
{
    private readonly IReadOnlyList<PendingCommit> _batch;
    private readonly LogPosition _start;
    private readonly ulong _salt;

    /// <param name="batch">The transactions, oldest first.</param>
    /// <param name="start">Where the first record goes, and what it follows.</param>
    /// <param name="header">The segment's header.</param>
    public BatchEncoder(IReadOnlyList<PendingCommit> batch, LogPosition start, SegmentHeader header)
    {
        _batch = batch;
        _start = start;
        _salt = header.Salt;
        long end = start.Offset;
        while (Count < batch.Count && end + RecordFormat.SizeOf(batch[Count].PayloadBytes) <= header.SegmentBytes)
        {
            end += RecordFormat.SizeOf(batch[Count++].PayloadBytes);
        }

        Bytes = (int)(RecordFormat.AlignUp(end, RecordFormat.BlockBytes) - start.Offset);
    }

    public int Count { get; }

    public int Bytes { get; }

    /// <summary>Writes the records into a buffer of <see cref="Bytes"/> bytes, and gives each transaction its LSN.</summary>
    /// <param name="buffer">The buffer.</param>
    /// <param name="durable">The highest LSN that is known to be synced.</param>
    /// <returns>Where the log ends after them.</returns>
    public LogPosition Encode(Span<byte> buffer, Lsn durable)
    {
        LogPosition position = _start;
        for (int i = 0; i < Count; i++)
        {
            PendingCommit commit = _batch[i];
            int size = (int)RecordFormat.SizeOf(commit.PayloadBytes);
            Span<byte> record = buffer.Slice((int)(position.Offset - _start.Offset), size);
            commit.WritePayload(record.Slice(RecordFormat.HeaderBytes, commit.PayloadBytes));
            var header = new RecordHeader(_salt, position.Next, durable, position.Checksum, commit.PayloadBytes);
            ulong checksum = RecordFormat.Seal(record, header);
            commit.Lsn = position.Next;
            position = new LogPosition(position.Offset + size, position.Next.Next, checksum);
        }

        buffer[(int)(position.Offset - _start.Offset)..].Clear();
        return position;
    }
}
