using System;
using System.Collections.Generic;
using SafeStore.FileSystem;
using SafeStore.Vocabulary;

namespace SafeStore.Log;

/// <summary>
/// The one reader of the log: whichever part of the engine reads records, it meets the same check. Each sealed segment reaches its
/// successor's first LSN and checksum, and the last one what is known to be durable. A chain that breaks before that is a loss, not a torn
/// tail.
/// </summary>
internal static class LogReader
{
    /// <summary>
    /// What a log holds above its watermark when no other process writes it; also checks that neither is there without the other, and whose
    /// log it is.
    /// </summary>
    /// <param name="directory">The log.</param>
    /// <param name="mark">Where the config root's watermark stands; null if it does not exist (yet).</param>
    /// <param name="store">The store that the log should be of; null if that is not known.</param>
    /// <exception cref="LogCorruptException">An acknowledged record is missing or damaged, or the log is another store's.</exception>
    public static LogContents ReadChecked(LogDirectory directory, Lsn? mark, Guid? store)
    {
        LogContents log = ReadToTail(directory, mark ?? default);
        if (mark is { } found && log.Header is null)
        {
            throw new LogCorruptException(directory.Path, 0, found.Next, "the log has no segment");
        }

        if (log.Header is { } header && store is { } own && header.Identity.Store != own)
        {
            throw new LogCorruptException(
                directory.Path, 0, log.Watermark.Next, $"its segments are those of another store, {header.Identity.Store}");
        }

        // The watermark is the last file that the making of a store writes: without it, no transaction was ever acknowledged.
        return mark is not null || log.Records.Count == 0
            ? log
            : throw new LogCorruptException(directory.Path, 0, new Lsn(1), "the log has transactions, but the watermark's file is missing");
    }

    /// <summary>
    /// What a log holds after a watermark when no other process writes it: its records, and where it ends.
    /// </summary>
    /// <exception cref="LogCorruptException">An acknowledged record is missing or damaged.</exception>
    public static LogContents ReadToTail(LogDirectory directory, Lsn watermark)
    {
        var records = new List<CommitRecord>();
        List<Lsn> all = directory.List();
        watermark = Lsn.Max(watermark, WatermarkOf(directory, all));
        List<Lsn> segments = Live(all, watermark, directory.Path);
        LogPosition end = default;
        SegmentHeader? header = null;
        string path = directory.Path;
        bool isClean = false;
        for (int i = 0; i < segments.Count; i++)
        {
            using SegmentReader segment = directory.Open(segments[i], FileUse.Read);
            header = segment.Header;
            if (i > 0)
            {
                CheckLink(path, end, header);
            }

            end = ReadSegment(segment, watermark, records);
            path = segment.File.Path;
            if (i + 1 == segments.Count)
            {
                if (segment.IsClaimedDurable(end, out long claimant))
                {
                    throw new LogCorruptException(
                        segment.File.Path, end.Offset, end.Next, $"the record at byte {claimant} says that it was durable");
                }

                isClean = !segment.HasTracesAfter(end);
            }
        }

        if (header is not null && end.Next.Previous < watermark)
        {
            throw new LogCorruptException(directory.Path, end.Offset, end.Next, $"the watermark stands at LSN {watermark}");
        }

        return new LogContents(segments, records, watermark, end, header, isClean);
    }

    /// <summary>
    /// Makes the records that were read durable. After a failed sync the cache may show what the disk does not have, and another sync would
    /// not tell: then they are written anew first, the same bytes in the same place.
    /// </summary>
    public static void Harden(LogDirectory directory, LogContents log, bool rewrite)
    {
        foreach (Lsn first in log.Records.Count > 0 ? log.Segments : [])
        {
            using SegmentReader segment = directory.Open(first, FileUse.ReadWrite);
            if (rewrite)
            {
                segment.Rewrite();
            }

            Errno errno = directory.FileSystem.SyncFile(segment.File);
            if (errno != Errno.None)
            {
                throw new SyncFailedException(segment.File.Path, errno);
            }
        }
    }

    /// <summary>
    /// The records of the whole log up to its last one, while others may append behind it. The caller holds the log lock.
    /// </summary>
    /// <param name="directory">The log.</param>
    /// <param name="last">The last record, which must be reached.</param>
    /// <exception cref="LogCorruptException">The chain breaks before it.</exception>
    public static IEnumerable<CommitRecord> ReadAll(LogDirectory directory, Lsn last)
    {
        List<Lsn> segments = directory.List();
        return Read(directory, segments, segments.Count, last, FileUse.Read);
    }

    /// <summary>The records of a sealed segment, whose payloads are there only until the next is read: for a checkpoint.</summary>
    /// <remarks>
    /// In pieces, since what was written past the page cache comes from the device: the kernel would read ahead by the megabyte, and every
    /// append would wait behind that.
    /// </remarks>
    /// <exception cref="LogCorruptException">The chain breaks before its successor.</exception>
    public static IEnumerable<CommitRecord> ReadSealed(LogDirectory directory, Lsn first, Lsn last) =>
        Read(directory, [first, last.Next], 1, last, FileUse.ReadInPieces);

    /// <summary>What some process has synced must be there: a damaged record is not a tail to append at.</summary>
    /// <param name="segment">The newest segment.</param>
    /// <param name="end">Where its chain ends.</param>
    /// <param name="synced">What is known to be durable.</param>
    /// <exception cref="LogCorruptException">It is not there.</exception>
    public static void CheckEnd(SegmentReader segment, LogPosition end, Lsn synced)
    {
        if (synced >= end.Next)
        {
            throw new LogCorruptException(segment.File.Path, end.Offset, end.Next, $"the log was durable up to LSN {synced}");
        }
    }

    /// <summary>
    /// Checks the newest segment before its end is believed. A process that knew an earlier segment reads on from there; one that joins has
    /// no position, and records behind the end tell whether it is one.
    /// </summary>
    /// <param name="directory">The log.</param>
    /// <param name="segments">Its segments, oldest first.</param>
    /// <param name="known">The segment that this process has used, and where it knew its end; null if it joins.</param>
    /// <param name="newest">The newest segment.</param>
    /// <param name="end">Where its chain ends.</param>
    /// <exception cref="LogCorruptException">The chain breaks.</exception>
    public static void CheckJoin(
        LogDirectory directory, List<Lsn> segments, (SegmentReader? Segment, LogPosition End) known, SegmentReader newest, LogPosition end)
    {
        if (known.Segment is { } segment)
        {
            int next = segments.IndexOf(segment.Header.FirstLsn) + 1;
            if (next > 0 && next < segments.Count) // else it was released, and may be in use again as another segment
            {
                // By its name: an empty one may have given that to a larger one.
                using SegmentReader named = directory.Open(segment.Header.FirstLsn, FileUse.Read);
                CheckChain(directory, named, named.Header == segment.Header ? known.End
                    : LogPosition.StartOf(named.Header), segments[next..], newest);
            }
        }
        else if (newest.IsClaimedDurable(end, out long claimant))
        {
            throw new LogCorruptException(
                newest.File.Path, end.Offset, end.Next, $"the record at byte {claimant} says that it was durable");
        }
    }

    private static void CheckChain(LogDirectory directory, SegmentReader from, LogPosition end, List<Lsn> successors, SegmentReader newest)
    {
        end = from.EndAfter(end);
        string path = from.File.Path;
        foreach (Lsn first in successors[..^1])
        {
            using SegmentReader segment = directory.Open(first, FileUse.Read);
            CheckLink(path, end, segment.Header);
            end = segment.EndAfter(LogPosition.StartOf(segment.Header));
            path = segment.File.Path;
        }

        CheckLink(path, end, newest.Header);
    }

    private static IEnumerable<CommitRecord> Read(LogDirectory directory, List<Lsn> segments, int count, Lsn last, FileUse use)
    {
        LogPosition position = default;
        string path = directory.Path;
        for (int i = 0; i < count; i++)
        {
            using SegmentReader segment = directory.Open(segments[i], use);
            segment.LendsPayloads = use == FileUse.ReadInPieces;
            if (i > 0)
            {
                CheckLink(path, position, segment.Header);
            }

            path = segment.File.Path;
            position = LogPosition.StartOf(segment.Header);
            while (position.Next <= last && segment.TryReadNext(position, out position) is { } record)
            {
                yield return record;
            }
        }

        if (count < segments.Count)
        {
            using SegmentReader successor = directory.Open(segments[count], FileUse.Read);
            CheckLink(path, position, successor.Header);
        }
        else if (position.Next <= last)
        {
            throw new LogCorruptException(path, position.Offset, position.Next, $"the log went on to LSN {last}");
        }
    }

    /// <exception cref="LogCorruptException">A segment does not go on where the one before it ends.</exception>
    public static void CheckLink(string path, LogPosition end, SegmentHeader next)
    {
        if (next.PreviousLsn != end.Next.Previous || next.PreviousChecksum != end.Checksum)
        {
            throw new LogCorruptException(path, end.Offset, end.Next, $"the next segment continues after LSN {next.PreviousLsn}");
        }
    }

    /// <summary>
    /// The watermark in the newest segment: recovery makes it before the watermark's file, and may die between the two; the records
    /// that it was made after were perhaps never durable.
    /// </summary>
    private static Lsn WatermarkOf(LogDirectory directory, List<Lsn> segments)
    {
        if (segments.Count == 0)
        {
            return default;
        }

        using SegmentReader newest = directory.Open(segments[^1], FileUse.Read);
        return newest.Header.Watermark;
    }

    /// <summary>Drops from the front the segments whose successors start at or below what follows the watermark.</summary>
    private static List<Lsn> Live(List<Lsn> segments, Lsn watermark, string? path)
    {
        int stale = 0;
        while (stale + 1 < segments.Count && segments[stale + 1] <= watermark.Next)
        {
            stale++;
        }

        if (path is not null && segments.Count > 0 && segments[stale] > watermark.Next)
        {
            throw new LogCorruptException(path, 0, watermark.Next, $"the first segment starts with LSN {segments[stale]}");
        }

        return segments[stale..];
    }

    private static LogPosition ReadSegment(SegmentReader segment, Lsn watermark, List<CommitRecord> records)
    {
        LogPosition position = LogPosition.StartOf(segment.Header);
        while (segment.TryReadNext(position, out LogPosition next) is { } record)
        {
            position = next;
            if (record.Lsn > watermark)
            {
                records.Add(record);
            }
        }

        return position;
    }
}

/// <summary>A log as recovery finds it.</summary>
/// <param name="Segments">The first LSNs of the segments that were read.</param>
/// <param name="Records">The records above the watermark, oldest first.</param>
/// <param name="Watermark">The watermark's file's, or a later one that recovery left in the newest segment.</param>
/// <param name="End">Where the valid chain ends.</param>
/// <param name="Header">The last segment's header; null when there is no segment.</param>
/// <param name="IsClean">Nothing was ever written behind the end in this use of the segment.</param>
internal sealed record LogContents(
    List<Lsn> Segments, List<CommitRecord> Records, Lsn Watermark, LogPosition End, SegmentHeader? Header, bool IsClean);
