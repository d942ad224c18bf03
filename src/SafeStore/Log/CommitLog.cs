using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Vocabulary;

namespace SafeStore.Log;

/// <summary>
/// The store's log as this process sees it: the current segment, where it ends, and up to where it is durable. Everything needs the log
/// lock, whose <see cref="LogLock.Hold"/> the methods take as proof; <see cref="Sync"/> needs only its in-process half,
/// <see cref="ReadSealed"/>, of segments that do not change any more, none.
/// </summary>
/// <remarks>
/// Invariants. A block that holds an acknowledged record is never written again: a batch starts at a 4 KiB boundary and is padded to the
/// next. A segment's successor appears only after the segment is synced: so a chain that breaks before the successor's first LSN is a
/// loss. <c>durableLsn</c> never claims what no successful sync has covered.
/// </remarks>
internal sealed class CommitLog : IDisposable
{
    private const int AppendsUntilAlone = 64;

    private readonly LogDirectory _directory;
    private readonly LogLock _lock;
    private readonly SharedSync _sync;
    private readonly SharedState _shared;
    private readonly StoreIdentity _identity;
    private readonly ulong _owner;

    private readonly AlignedBuffer _buffer = new();
    private readonly StoreAnchor _anchor;
    private readonly IAppendObserver? _observer;

    private SegmentReader? _segment;
    private string _segmentPath = "";
    private FileStatus _segmentStatus;
    private SegmentWriter? _writer;
    private int _appendsUntilAlone;
    private LogPosition _end;
    private long _lastLsn;
    private long _bytes;
    private ulong _epoch;
    private Lsn _durable;
    private Lsn? _halfFull;

    public CommitLog(
        LogDirectory directory, LogLock logLock, SharedSync sync, SharedState shared, StoreAnchor anchor, StoreIdentity identity,
        IAppendObserver? observer = null)
    {
        _directory = directory;
        _lock = logLock;
        _sync = sync;
        _shared = shared;
        _identity = identity;
        _anchor = anchor;
        _observer = observer;
        Faults = new FaultMark(shared);
        Span<byte> random = stackalloc byte[8];
        directory.FileSystem.FillRandom(random);
        _owner = BitConverter.ToUInt64(random) | 1; // never the 0 of a fresh file
    }

    public LogDirectory Directory => _directory;

    public FaultMark Faults { get; }

    /// <summary>What an append has thrown of which a part may stand in the log; null if none has.</summary>
    public StoreFaultedException? UnknownAppend { get; private set; }

    /// <summary>Tells, once per segment, that half of it is used: a spare will be needed soon.</summary>
    public bool TakeHalfFull(LogLock.Hold hold)
    {
        _ = hold;
        SegmentHeader header = _segment!.Header;
        if (_end.Offset <= header.SegmentBytes / 2 || _halfFull == header.FirstLsn)
        {
            return false;
        }

        _halfFull = header.FirstLsn;
        return true;
    }

    public ValueTask<LogLock.Hold> LockAsync(CancellationToken cancellation) => _lock.AcquireAsync(cancellation);

    /// <summary>The size of the log in bytes, as far as this process has measured it.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Whether the log is so long that commits are refused, as far as this process has measured it.</summary>
    public bool IsTooLong => Bytes >= _directory.BytesMax;

    /// <summary>The same, measured now.</summary>
    public bool MeasureIsTooLong(LogLock.Hold hold)
    {
        _ = hold;
        Volatile.Write(ref _bytes, _directory.MeasureBytes());
        return IsTooLong;
    }

    /// <summary>Whether the log has come to a record, as far as that can be told without its lock.</summary>
    public bool HasReached(Lsn lsn) =>
        lsn.Value <= Volatile.Read(ref _lastLsn) || lsn <= _shared.AppendedLsn || lsn <= _shared.SyncedLsn;

    /// <summary>
    /// Checks what a sandbox's lock word knows: none is written before the append of the record that it names.
    /// </summary>
    /// <exception cref="LogCorruptException">The log has lost that record.</exception>
    public void CheckReached(Lsn lsn, string sandbox, LogLock.Hold hold)
    {
        if (lsn > LastLsn(hold))
        {
            throw new LogCorruptException(
                _segmentPath, _end.Offset, _end.Next,
                $"the lock word of sandbox '{sandbox}' knows LSN {lsn}. To go on with the sandbox as it is, empty its lock file; it can be "
                + $"removed too");
        }
    }

    /// <summary>The LSN of the last record in the log.</summary>
    public Lsn LastLsn(LogLock.Hold hold)
    {
        _ = CatchUp(hold);
        return _end.Next.Previous;
    }

    /// <summary>
    /// Writes a batch of transactions, one record each, in one write. Not durable yet: call <see cref="Sync"/> after releasing the lock.
    /// </summary>
    /// <returns>How many of them fitted into the segment; at least one.</returns>
    /// <exception cref="StorageException">Nothing of the batch counts.</exception>
    /// <exception cref="StoreFaultedException">The store is, or has become, faulted.</exception>
    public int Append(IReadOnlyList<PendingCommit> batch, LogLock.Hold hold)
    {
        Faults.ThrowIfFaulted();
        ulong tailOwner = CatchUp(hold);
        StorageException.ThrowIfFailed(FindReplaced(out string looked), "look at", looked);
        if (tailOwner != _owner)
        {
            // Before the write: a process that dies in it must not leave others believing that they know the end.
            _shared.SetTailOwner(_owner);
        }

        long start = RecordFormat.AlignUp(_end.Offset, RecordFormat.BlockBytes);
        if (start + RecordFormat.SizeOf(batch[0].PayloadBytes) > _segment!.Header.SegmentBytes)
        {
            ChangeSegment(RecordFormat.SizeOf(batch[0].PayloadBytes), hold);
            start = SegmentHeader.Bytes;
        }

        var encoder = new BatchEncoder(batch, _end with { Offset = start }, _segment.Header);
        Span<byte> buffer = _buffer.Take(encoder.Bytes);
        LogPosition end = encoder.Encode(buffer, _durable);
        try
        {
            _writer!.Write(buffer, start, IsAlone); // C5
        }
        catch (StoreFaultedException fault)
        {
            UnknownAppend = fault;
            throw;
        }

        SetEnd(end);
        _observer?.Appended(_segment.Header.FirstLsn, batch, encoder.Count);
        if (!IsAlone)
        {
            _appendsUntilAlone--;
            _shared.TrySetAppended(end.Next.Previous);
        }

        return encoder.Count;
    }

    /// <summary>Makes everything up to an LSN durable; other processes may append meanwhile.</summary>
    /// <exception cref="StoreFaultedException">The sync failed: the outcome is unknown, and the store is faulted.</exception>
    public void Sync(Lsn upTo, LogLock.Hold hold)
    {
        _ = hold;
        if (_durable >= upTo)
        {
            return;
        }

        if (IsAlone)
        {
            SyncSegment();
            _shared.TrySetSynced(upTo); // for the next process that joins: up to here a damaged record is not a tail
        }
        else
        {
            upTo = _sync.SyncUpTo(upTo, _epoch, static log => log.SyncSegment(), this);
        }

        // Another process may have been told of a lost write that this one's sync could not see any more; or what was synced is no more
        // what a later opener finds.
        Faults.ThrowIfFaulted();
        if (FindReplaced(out string path) is var errno and not Errno.None)
        {
            throw Faults.Fault(path, errno);
        }

        _durable = Lsn.Max(_durable, upTo);
    }

    /// <summary>
    /// Starts a new segment unless the current one is empty, so that all records lie in sealed ones. Returns the last LSN.
    /// </summary>
    public Lsn Seal(LogLock.Hold hold)
    {
        Faults.ThrowIfFaulted();
        _ = CatchUp(hold);
        if (_end.Offset > SegmentHeader.Bytes)
        {
            ChangeSegment(0, hold);
        }

        return _end.Next.Previous;
    }

    /// <summary>Reads every live record after a watermark, oldest first; what was appended last may not be durable yet.</summary>
    public IEnumerable<CommitRecord> ReadAll(LogLock.Hold hold)
    {
        _ = CatchUp(hold);
        return LogReader.ReadAll(_directory, _end.Next.Previous);
    }

    /// <summary>The records of a sealed segment, oldest first, each there only until the next is read.</summary>
    public IEnumerable<CommitRecord> ReadSealed(Lsn first, Lsn last) => LogReader.ReadSealed(_directory, first, last);

    /// <summary>
    /// Takes segments out of the log that a checkpoint has made superfluous; returns their new names, for
    /// <see cref="LogDirectory.Release"/>.
    /// </summary>
    public List<string> Detach(List<Lsn> segments, LogLock.Hold hold)
    {
        if (segments.Count > 0)
        {
            _observer?.Released(segments[^1]);
        }

        List<string> detached = _directory.Detach(segments);
        _ = MeasureIsTooLong(hold);
        return detached;
    }

    public void Dispose() => Use(null);

    /// <summary>
    /// Whether no other process has appended for a while: then nothing is written for others to read, and no sync is shared.
    /// </summary>
    private bool IsAlone => _appendsUntilAlone == 0;

    /// <summary>
    /// Whether another program has deleted or replaced what all processes of the store meet at: then nothing that this one acknowledges
    /// would be found, and the store is faulted.
    /// </summary>
    private Errno FindReplaced(out string path)
    {
        Errno errno = _anchor.FindReplaced(_segmentPath, _segmentStatus, out path);
        return errno != Errno.NotFound ? errno
            : throw Faults.Fault(
                new StoreFaultedException($"'{path}' was deleted or replaced by another program while the store was open."));
    }

    private void SetEnd(LogPosition end)
    {
        _end = end;
        Volatile.Write(ref _lastLsn, end.Next.Previous.Value);
    }

    private void SyncSegment()
    {
        FileHandle file = _segment!.File;
        Errno errno = _directory.FileSystem.SyncData(file); // C6
        if (errno != Errno.None)
        {
            throw Faults.Fault(file.Path, errno);
        }

        Faults.ThrowIfFaulted(); // before any caller is told that it succeeded
    }

    private void Use(SegmentReader? segment)
    {
        _writer?.Dispose();
        _segment?.Dispose();
        _segment = segment;
        if (segment is not null)
        {
            _segmentPath = segment.File.Path;
            StorageException.ThrowIfFailed(
                _directory.FileSystem.Stat(segment.File, out _segmentStatus), "look at a log segment", segment.File);
        }

        _writer = segment is null ? null : new SegmentWriter(_directory, segment, Faults.Fault);
    }

    /// <summary>Finds the end of the log: others may have appended, changed the segment, or died in the middle of either.</summary>
    /// <returns>The process that appended last: it is written under the log lock only.</returns>
    private ulong CatchUp(LogLock.Hold hold)
    {
        _ = hold;
        ulong tailOwner = _shared.TailOwner;
        if (_segment is null || _epoch != _shared.Epoch)
        {
            Reload();
        }
        else if (tailOwner != _owner)
        {
            _segment.Refresh();
            LogPosition end = _segment.EndAfter(_end);
            LogReader.CheckEnd(_segment, end, _shared.SyncedLsn);
            SetEnd(end);
        }

        if (tailOwner != _owner && tailOwner != 0)
        {
            _appendsUntilAlone = AppendsUntilAlone;
        }

        return tailOwner;
    }

    private void Reload()
    {
        // Read first: a change that comes after it makes us look again.
        ulong epoch = _shared.Epoch;
        List<Lsn> segments = _directory.List();
        if (segments.Count == 0)
        {
            throw new LogCorruptException(_directory.Path, 0, _end.Next, "the log has no segment");
        }

        _observer?.Released(segments[0].Previous); // another process has checkpointed them

        // Its maker may have died before it made the name durable, and we are about to acknowledge records in it.
        try
        {
            _directory.SyncNames();
        }
        catch (SyncFailedException failure)
        {
            throw Faults.Fault(failure.Path, failure.Errno);
        }

        SegmentReader newest = _directory.Open(segments[^1], FileUse.ReadWrite);
        LogPosition end;
        try
        {
            end = newest.EndAfter(LogPosition.StartOf(newest.Header));
            LogReader.CheckEnd(newest, end, _shared.SyncedLsn);
            LogReader.CheckJoin(_directory, segments, (_segment, _end), newest, end);
        }
        catch
        {
            newest.Dispose();
            throw;
        }

        // All at once: an epoch that is believed with an end that is not the end would let the next batch overwrite records.
        Use(newest);
        SetEnd(end);
        _durable = Lsn.Max(_durable, newest.Header.FirstLsn.Previous); // a segment's predecessor is synced before it appears
        _epoch = epoch;
        Volatile.Write(ref _bytes, _directory.MeasureBytes());
    }

    private void ChangeSegment(long recordBytes, LogLock.Hold hold)
    {
        Sync(_end.Next.Previous, hold);
        long size = Math.Max(_directory.SegmentBytes, RecordFormat.AlignUp(SegmentHeader.Bytes + recordBytes, RecordFormat.BlockBytes));
        var header = new SegmentHeader(NewSalt(), _end.Next, _end.Next.Previous, _end.Checksum, size, _identity);
        _shared.NextEpoch();
        ulong epoch = _shared.Epoch;
        SegmentReader segment;
        try
        {
            segment = _directory.Start(header);
        }
        catch (SyncFailedException failure)
        {
            throw Faults.Fault(failure.Path, failure.Errno);
        }

        Use(segment);
        SetEnd(LogPosition.StartOf(header));
        _epoch = epoch;
        _ = MeasureIsTooLong(hold);
    }

    private ulong NewSalt()
    {
        Span<byte> random = stackalloc byte[8];
        _directory.FileSystem.FillRandom(random);
        return BitConverter.ToUInt64(random);
    }
}
