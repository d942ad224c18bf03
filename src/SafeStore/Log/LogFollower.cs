using System.Collections.Generic;
using SafeStore.FileSystem;

namespace SafeStore.Log;

/// <summary>
/// Reads the log forward, record by record, without its lock, beside processes that append, change segments and release them. Between two
/// calls it holds nothing but its position: no file is open.
/// </summary>
/// <param name="directory">The log.</param>
/// <param name="from">The first record to read: one that the log holds, or the one that comes next.</param>
internal sealed class LogFollower(LogDirectory directory, Lsn from)
{
    private SegmentHeader? _segment;
    private LogPosition _position;
    private LogPosition _after;

    /// <summary>The LSN of the next record.</summary>
    public Lsn Next => _segment is null ? from : _position.Next;

    /// <summary>The last record of a log, durable or not; the one before its first segment if it has none.</summary>
    public static Lsn FindLast(LogDirectory directory)
    {
        while (true)
        {
            List<Lsn> segments = directory.List();
            using SegmentReader? newest = segments.Count == 0 ? throw NoSegment(directory, default) : TryOpen(directory, segments[^1]);
            if (newest is not null)
            {
                return newest.EndAfter(LogPosition.StartOf(newest.Header)).Next.Previous;
            }
        }
    }

    /// <summary>The next record; null if the log does not have it yet. It stays the next one until it is taken.</summary>
    /// <param name="synced">What is known to be durable: it must be there.</param>
    /// <exception cref="ChangesNotInLogException">The log does not hold it any more, or ends before it.</exception>
    /// <exception cref="LogCorruptException">It is damaged.</exception>
    public CommitRecord? Peek(Lsn synced)
    {
        while (true)
        {
            List<Lsn> segments = directory.List();
            int at = segments.FindLastIndex(first => first <= Next);
            if (at < 0)
            {
                throw segments.Count == 0 ? NoSegment(directory, Next) : new ChangesNotInLogException(Next, segments[0]);
            }

            using SegmentReader? segment = TryOpen(directory, segments[at]);
            if (segment is null || !TryEnter(segment, segments))
            {
                continue; // released since it was listed, or followed by another
            }

            if (segment.TryReadNext(_position, out _after) is { } record)
            {
                return record;
            }

            if (at + 1 == segments.Count && synced < Next)
            {
                return null;
            }

            // It was sealed before it was listed, hence whole. Unless it was released since, the record should have been there.
            if (directory.List().Contains(segments[at]))
            {
                throw at + 1 < segments.Count && IsSkip(segments[at + 1]) ? new ChangesNotInLogException(Next, segments[at + 1])
                    : new LogCorruptException(
                        segment.File.Path, _position.Offset, Next, "the log goes on after it, or it was durable");
            }
        }
    }

    /// <summary>Goes on behind the record that was looked at last.</summary>
    public void Take() => _position = _after;

    private static LogCorruptException NoSegment(LogDirectory directory, Lsn next) =>
        new(directory.Path, 0, next, "the log has no segment");

    /// <summary>Null if the segment was released since it was listed; its file may be another one's by now.</summary>
    private static SegmentReader? TryOpen(LogDirectory directory, Lsn first)
    {
        try
        {
            return directory.Open(first, FileUse.Read);
        }
        catch (StorageException failure) when (failure.Errno == Errno.NotFound)
        {
            return null;
        }
        catch (LogCorruptException) when (!directory.List().Contains(first))
        {
            return null;
        }
    }

    /// <summary>Finds the position in a segment: the same as before, its start, or at the beginning where the first record is.</summary>
    private bool TryEnter(SegmentReader segment, List<Lsn> segments)
    {
        if (_segment is null)
        {
            return TryStart(segment, segments);
        }

        if (segment.Header != _segment)
        {
            // The next one; or a larger one in the place of one that was empty.
            LogReader.CheckLink(segment.File.Path, _position, segment.Header);
            (_segment, _position) = (segment.Header, LogPosition.StartOf(segment.Header));
        }

        return true;
    }

    private bool TryStart(SegmentReader segment, List<Lsn> segments)
    {
        LogPosition position = LogPosition.StartOf(segment.Header);
        while (position.Next < from && segment.TryReadNext(position, out LogPosition next) is not null)
        {
            position = next;
        }

        if (position.Next < from && segment.Header.FirstLsn != segments[^1])
        {
            throw new ChangesNotInLogException(from, segments.Find(first => first > from)); // these numbers were left out
        }

        if (position.Next < from)
        {
            return directory.List()[^1] == segments[^1] ? throw new ChangesNotInLogException(from, segments[0], position.Next.Previous)
                : false; // it was sealed meanwhile
        }

        (_segment, _position) = (segment.Header, position);
        return true;
    }

    /// <summary>Whether numbers were left out: a volatile root was lost, and with it transactions that had touched only that.</summary>
    private bool IsSkip(Lsn successor)
    {
        using SegmentReader? segment = TryOpen(directory, successor);
        return segment is not null && segment.Header.PreviousLsn == Next.Previous && segment.Header.FirstLsn > Next;
    }
}
