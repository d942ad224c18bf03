using System;
using System.Collections.Generic;
using System.Numerics;
using System.Runtime.InteropServices;
using SafeStore.FileSystem;

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

/// <summary>
/// Memory for one batch at a time, at an address from which the disk can read it without a copy. Kept for the next batch unless it was a
/// large one.
/// </summary>
internal sealed class AlignedBuffer
{
    private const int BytesMin = 64 * 1024;
    // a batch of many writers; pinned memory that is not kept costs a collection of all generations now and then
    private const int KeptBytesMax = 1024 * 1024;

    private byte[] _kept = [];

    /// <summary>So many bytes, with whatever is in them; valid until the next call.</summary>
    public Span<byte> Take(int bytes)
    {
        int needed = bytes + IDurableFileSystem.DirectBytes;
        byte[] array = _kept;
        if (array.Length < needed)
        {
            bool isKept = needed <= KeptBytesMax;
            int size = isKept ? Math.Max(BytesMin, (int)BitOperations.RoundUpToPowerOf2((uint)needed)) : needed;
            array = GC.AllocateUninitializedArray<byte>(size, pinned: true);
            _kept = isKept ? array : _kept;
        }

        long address = Marshal.UnsafeAddrOfPinnedArrayElement(array, 0);
        return array.AsSpan((int)(RecordFormat.AlignUp(address, IDurableFileSystem.DirectBytes) - address), bytes);
    }
}

/// <summary>
/// Writes batches into a segment. Past the page cache, which saves the sync from writing back, as long as this process is alone; through it
/// while others append too, since they read what was appended. No batch shares a block with another, so that both may meet in one file.
/// </summary>
internal sealed class SegmentWriter(LogDirectory directory, SegmentReader segment, Func<string, Errno, StoreFaultedException> fault)
    : IDisposable
{
    private readonly IDurableFileSystem _fs = directory.FileSystem;
    private FileHandle? _direct;
    private bool _isOpened;

    private FileHandle File => segment.File;

    /// <summary>Writes a batch, all of it.</summary>
    /// <exception cref="StorageException">Nothing of the batch counts.</exception>
    /// <exception cref="StoreFaultedException">A part of it may stand in the log, and could not be taken back.</exception>
    public void Write(ReadOnlySpan<byte> bytes, long start, bool isAlone)
    {
        for (int written = 0; written < bytes.Length;)
        {
            Errno errno = WriteOnce(bytes[written..], start + written, isAlone, out int count);
            if (errno != Errno.None || count == 0)
            {
                if (written > 0 || errno is not (Errno.NoSpace or Errno.QuotaExceeded) || MayStand(start))
                {
                    Invalidate(start); // else nothing was written, and nothing need be, for which there would be no space either
                }

                throw new StorageException("append to the log", File.Path, errno == Errno.None ? Errno.NoSpace : errno);
            }

            written += count;
        }
    }

    public void Dispose() => _direct?.Dispose();

    private Errno WriteOnce(ReadOnlySpan<byte> bytes, long start, bool isAlone, out int count)
    {
        // What is left of a block after a short write goes through the cache, which knows how to write it.
        if (isAlone && start % RecordFormat.BlockBytes == 0 && Direct is { } direct)
        {
            Errno errno = _fs.Write(direct, bytes, start, out count);
            if (errno != Errno.Invalid)
            {
                return errno;
            }

            // The disk wants something else of a direct write than this; nothing was written.
            direct.Dispose();
            _direct = null;
        }

        return _fs.Write(File, bytes, start, out count);
    }

    /// <summary>
    /// The segment, opened for writes past the cache; null where that is not possible, for whatever reason: the cache will do.
    /// </summary>
    private FileHandle? Direct
    {
        get
        {
            if (!_isOpened)
            {
                _isOpened = true;
                _ = directory.OpenDirect(segment.Header.FirstLsn, out _direct);
            }

            return _direct;
        }
    }

    /// <summary>
    /// Whether something of the batch is there all the same: past the cache, a disk may have taken a part before it said so.
    /// </summary>
    private bool MayStand(long start)
    {
        Span<byte> found = stackalloc byte[RecordFormat.HeaderBytes];
        return _fs.Read(File, found, start, out int count) != Errno.None
            || RecordFormat.TryReadHeader(found[..count], segment.Header.Salt, out _);
    }

    /// <summary>
    /// Takes back a batch that was written in part: its first record may be whole, and must not come to life after its transaction was
    /// reported as failed. If that cannot be made durable, the outcome is unknown.
    /// </summary>
    private void Invalidate(long start)
    {
        Span<byte> zeros = stackalloc byte[RecordFormat.HeaderBytes];
        zeros.Clear();
        Errno errno = _fs.Write(File, zeros, start, out int count);
        errno = errno == Errno.None && count != zeros.Length ? Errno.NoSpace : errno;
        errno = errno == Errno.None ? _fs.SyncData(File) : errno;
        if (errno != Errno.None)
        {
            throw fault(File.Path, errno);
        }
    }
}
