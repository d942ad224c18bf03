using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Log;

namespace SafeStore.Operations.Repair;

/// <summary>What can still be read of a log.</summary>
internal sealed class SalvagedLog
{
    private readonly List<Lsn> _kept = [];
    private readonly List<CommitRecord> _records = [];
    private readonly List<CommitRecord> _behind = [];
    private LogCorruptException? _break;
    private LogCorruptException? _cut;

    private SalvagedLog(Lsn mark) => End = new LogPosition(0, mark.Next, 0);

    /// <summary>The segments of the unbroken chain, oldest first.</summary>
    public IReadOnlyList<Lsn> Kept => _kept;

    /// <summary>The records of the unbroken chain.</summary>
    public IReadOnlyList<CommitRecord> Records => _records;

    /// <summary>Where the unbroken chain ends, in the last segment that is kept.</summary>
    public LogPosition End { get; private set; }

    /// <summary>The header of the last segment that is kept; null if none is.</summary>
    public SegmentHeader? Header { get; private set; }

    /// <summary>The highest watermark that a segment has; 0 if none has one.</summary>
    public Lsn Watermark { get; private set; }

    /// <summary>The records that are whole, but behind the break.</summary>
    public IReadOnlyList<CommitRecord> Behind => _behind;

    /// <summary>Where the chain breaks, or where a file is cut off that has all of its records; null if the log is whole.</summary>
    public LogCorruptException? Damage => _break ?? _cut;

    /// <summary>The highest LSN of which the log knows, whole or not.</summary>
    public Lsn Highest { get; private set; }

    /// <summary>Reads all that there is.</summary>
    /// <param name="directory">The log; null if it is missing.</param>
    /// <param name="mark">The watermark; null if that is not known.</param>
    /// <param name="store">The store whose log it should be; null if that is not known. The segments of another do not count.</param>
    public static SalvagedLog Read(LogDirectory? directory, Lsn? mark, Guid? store)
    {
        List<Lsn> segments = directory?.List() ?? [];
        Lsn watermark = WatermarkOf(directory, segments, store);
        Lsn? known = mark is null && watermark == default ? null : Lsn.Max(mark ?? default, watermark);
        var log = new SalvagedLog(known ?? default) { Watermark = watermark };
        int stale = 0;
        while (known is { } above && stale + 1 < segments.Count && segments[stale + 1] <= above.Next)
        {
            stale++;
        }

        foreach (Lsn first in segments[stale..])
        {
            log.Add(directory!, first, known, store, isLast: first == segments[^1]);
        }

        log.Highest = Lsn.Max(log.Highest, log.End.Next.Previous);
        return log;
    }

    /// <summary>A repair, or a recovery, that died after it had started a segment has left it there only.</summary>
    private static Lsn WatermarkOf(LogDirectory? directory, List<Lsn> segments, Guid? store)
    {
        Lsn highest = default;
        foreach (Lsn first in segments)
        {
            try
            {
                using SegmentReader segment = directory!.OpenPart(first, FileUse.Read, out _);
                highest = store is null || store == segment.Header.Identity.Store ? Lsn.Max(highest, segment.Header.Watermark) : highest;
            }
            catch (LogCorruptException)
            {
                // It is told of where its records are looked for.
            }
        }

        return highest;
    }

    private void Add(LogDirectory directory, Lsn first, Lsn? mark, Guid? store, bool isLast)
    {
        try
        {
            using SegmentReader segment = directory.OpenPart(first, FileUse.Read, out LogCorruptException? cut);
            SegmentHeader header = segment.Header;
            if (store is { } own && header.Identity.Store != own)
            {
                Break(new LogCorruptException(segment.File.Path, 0, first, $"it is a segment of another store, {header.Identity.Store}"));
                return;
            }

            Highest = Lsn.Max(Highest, Lsn.Max(first.Previous, header.Watermark));
            LogPosition start = LogPosition.StartOf(header);
            CheckLink(header, mark ?? Lsn.Max(header.Watermark, first.Previous), segment.File.Path);
            if (_break is not null)
            {
                Salvage(segment, start);
                return;
            }

            _kept.Add(first);
            _cut ??= cut;
            Header = header;
            End = Follow(segment, start);
            if (isLast && segment.IsClaimedDurable(End, out long claimant)) // of the others, the next one tells where they end
            {
                Break(new LogCorruptException(
                    segment.File.Path, End.Offset, End.Next, $"the record at byte {claimant} says that it was durable"));
            }

            Salvage(segment, End); // without damage: what a power loss has torn, which nothing has acknowledged
        }
        catch (LogCorruptException damage)
        {
            Break(damage);
        }
    }

    private LogPosition Follow(SegmentReader segment, LogPosition position)
    {
        while (segment.TryReadNext(position, out LogPosition next) is { } record)
        {
            _records.Add(record);
            position = next;
        }

        return position;
    }

    private void CheckLink(SegmentHeader header, Lsn mark, string path)
    {
        bool isLinked = _kept.Count > 0
            ? header.PreviousLsn == End.Next.Previous && header.PreviousChecksum == End.Checksum
            : header.FirstLsn <= mark.Next;
        if (_break is null && !isLinked)
        {
            Break(new LogCorruptException(path, End.Offset, End.Next, $"the next segment continues after LSN {header.PreviousLsn}"));
        }
    }

    private void Break(LogCorruptException damage) => _break ??= damage;

    private void Salvage(SegmentReader segment, LogPosition from)
    {
        CommitRecord[] found = [.. segment.Salvage(from)];
        _behind.AddRange(found);
        Highest = Lsn.Max(Highest, found.Length == 0 ? default : found.Max(static record => record.Lsn));
    }
}
