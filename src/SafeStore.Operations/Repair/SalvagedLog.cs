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
    private readonly List<CommitRecord> _behind = [];

    private SalvagedLog(Lsn mark) => End = new LogPosition(0, mark.Next, 0);

    /// <summary>The segments of the unbroken chain, oldest first.</summary>
    public IReadOnlyList<Lsn> Kept => _kept;

    /// <summary>Where the unbroken chain ends, in the last segment that is kept.</summary>
    public LogPosition End { get; private set; }

    /// <summary>The header of the last segment that is kept; null if none is.</summary>
    public SegmentHeader? Header { get; private set; }

    /// <summary>The records that are whole, but behind the break.</summary>
    public IReadOnlyList<CommitRecord> Behind => _behind;

    /// <summary>Where the chain breaks; null if it is whole.</summary>
    public LogCorruptException? Damage { get; private set; }

    /// <summary>The highest LSN of which the log knows, whole or not.</summary>
    public Lsn Highest { get; private set; }

    /// <summary>Reads all that there is.</summary>
    /// <param name="directory">The log; null if it is missing.</param>
    /// <param name="mark">The watermark; null if that is not known.</param>
    /// <param name="store">The store whose log it should be; null if that is not known. The segments of another do not count.</param>
    public static SalvagedLog Read(LogDirectory? directory, Lsn? mark, Guid? store)
    {
        var log = new SalvagedLog(mark ?? default);
        List<Lsn> segments = directory?.List() ?? [];
        int stale = 0;
        while (mark is { } known && stale + 1 < segments.Count && segments[stale + 1] <= known.Next)
        {
            stale++;
        }

        foreach (Lsn first in segments[stale..])
        {
            log.Add(directory!, first, mark, store);
        }

        log.Highest = Lsn.Max(log.Highest, log.End.Next.Previous);
        return log;
    }

    private void Add(LogDirectory directory, Lsn first, Lsn? mark, Guid? store)
    {
        try
        {
            using SegmentReader segment = directory.Open(first, FileUse.Read);
            SegmentHeader header = segment.Header;
            if (store is { } own && header.Identity.Store != own)
            {
                Break(new LogCorruptException(segment.File.Path, 0, first, $"it is a segment of another store, {header.Identity.Store}"));
                return;
            }

            Highest = Lsn.Max(Highest, Lsn.Max(header.PreviousLsn, header.Watermark));
            LogPosition start = LogPosition.StartOf(header);
            CheckLink(header, mark ?? Lsn.Max(header.Watermark, first.Previous), segment.File.Path);
            if (Damage is not null)
            {
                Salvage(segment, start);
                return;
            }

            _kept.Add(first);
            Header = header;
            End = segment.EndAfter(start);
            if (segment.IsClaimedDurable(End, out long claimant))
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

    private void CheckLink(SegmentHeader header, Lsn mark, string path)
    {
        bool isLinked = _kept.Count > 0
            ? header.PreviousLsn == End.Next.Previous && header.PreviousChecksum == End.Checksum
            : header.FirstLsn <= mark.Next;
        if (Damage is null && !isLinked)
        {
            Break(new LogCorruptException(path, End.Offset, End.Next, $"the next segment continues after LSN {header.PreviousLsn}"));
        }
    }

    private void Break(LogCorruptException damage) => Damage ??= damage;

    private void Salvage(SegmentReader segment, LogPosition from)
    {
        CommitRecord[] found = [.. segment.Salvage(from)];
        _behind.AddRange(found);
        Highest = Lsn.Max(Highest, found.Length == 0 ? default : found.Max(static record => record.Lsn));
    }
}
