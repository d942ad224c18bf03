using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Log;

namespace SafeStore.Operations.Log;

/// <summary>The log, read without its lock, while other processes may append to it and release segments.</summary>
internal sealed class OpenLog : IDisposable
{
    private const string SparePrefix = "spare-";

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    private readonly IDurableFileSystem _fs;
    private readonly DirectoryHandle _handle;
    private readonly LogDirectory _directory;

    private OpenLog(StoreOptions options, DirectoryHandle handle)
    {
        _fs = options.FileSystemInUse;
        _handle = handle;
        _directory = new LogDirectory(_fs, handle, options.SegmentBytes, options.LogBytesMax);
    }

    public string Path => _directory.Path;

    public LogDirectory Directory => _directory;

    /// <exception cref="StorageException">It is not there, or may not be read.</exception>
    public static OpenLog Open(StoreOptions options, DirectoryHandle metadata)
    {
        StorageException.ThrowIfFailed(
            options.FileSystemInUse.OpenDirectory(metadata, LogDirectory.DirectoryName, out DirectoryHandle? directory), "open the log",
            metadata, LogDirectory.DirectoryName);
        return new OpenLog(options, directory!);
    }

    /// <summary>All records that can be read, oldest first; those of a segment up to its first damage.</summary>
    /// <param name="from">The first to give.</param>
    /// <exception cref="StorageException">A segment cannot be read.</exception>
    public IEnumerable<LoggedTransaction> Read(Lsn from = default) => ReadRecords(from).Select(Tell);

    /// <inheritdoc cref="Read"/>
    public IEnumerable<CommitRecord> ReadRecords(Lsn from = default)
    {
        List<Lsn> segments = _directory.List();
        for (int i = 0; i < segments.Count; i++)
        {
            bool isBefore = i + 1 < segments.Count && segments[i + 1] <= from;
            foreach (CommitRecord record in isBefore ? [] : ReadSegment(segments[i], from))
            {
                yield return record;
            }
        }
    }

    /// <summary>
    /// The records from an LSN on as they come: whether they are durable and published, is not looked at. Looks again and again.
    /// </summary>
    /// <param name="from">The first to give.</param>
    /// <param name="time">The clock of the pauses.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ChangesNotInLogException">A checkpoint was faster.</exception>
    /// <exception cref="LogCorruptException">The log is damaged.</exception>
    /// <exception cref="StorageException">A segment cannot be read.</exception>
    public async IAsyncEnumerable<LoggedTransaction> FollowAsync(
        Lsn from, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var log = new LogFollower(_directory, from);
        while (true)
        {
            while (log.Peek(synced: default) is { } record)
            {
                log.Take();
                yield return Tell(record);
                cancellation.ThrowIfCancellationRequested();
            }

            await Task.Delay(s_pause, time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>How many segments there are, their size, and the size of the spares.</summary>
    public (int Segments, long Bytes, long SpareBytes) Measure()
    {
        var entries = new List<DirectoryEntry>();
        StorageException.ThrowIfFailed(_fs.List(_handle, entries), "list the log", Path);
        long spares = entries.Where(static entry => entry.Name.StartsWith(SparePrefix, StringComparison.Ordinal))
            .Sum(entry => _fs.Stat(_handle, entry.Name, out FileStatus status) == Errno.None ? status.Size : 0);
        return (_directory.List().Count, _directory.MeasureBytes(), spares);
    }

    /// <summary>The oldest LSN that the log can hold.</summary>
    public Lsn Oldest() => _directory.List() is [var oldest, ..] ? oldest : new Lsn(1);

    /// <summary>The LSN before the newest segment, for a log without a record; null if there is no segment that can be read.</summary>
    public Lsn? LastLsn() => _directory.List() is [.., var newest] && TryOpen(newest) is { } segment
        ? Closed(segment).PreviousLsn : null;

    public void Dispose() => _handle.Dispose();

    private static SegmentHeader Closed(SegmentReader segment)
    {
        using (segment)
        {
            return segment.Header;
        }
    }

    private IEnumerable<CommitRecord> ReadSegment(Lsn first, Lsn from)
    {
        using SegmentReader? segment = TryOpen(first);
        if (segment is null)
        {
            yield break;
        }

        LogPosition position = LogPosition.StartOf(segment.Header);
        while (segment.TryReadNext(position, out LogPosition next) is { } record)
        {
            position = next;
            if (record.Lsn >= from)
            {
                yield return record;
            }
        }
    }

    private LoggedTransaction Tell(CommitRecord record) => PlanText.Tell(record) with { SegmentWritten = WrittenOf(record.Segment) };

    private DateTimeOffset? WrittenOf(SegmentHeader segment)
    {
        if (_fs.OpenFile(_handle, PlanText.NameOf(segment), FileUse.Read, out FileHandle? file) != Errno.None)
        {
            return null; // released since
        }

        using (file)
        {
            return _fs.LastChange(file!, out DateTimeOffset time) == Errno.None ? time : null;
        }
    }

    /// <summary>
    /// Of a file that is cut off, what is left. Null if it was released since it was listed, or its header is damaged or of another
    /// version: what is wrong, the condition tells.
    /// </summary>
    private SegmentReader? TryOpen(Lsn first)
    {
        try
        {
            return _directory.OpenPart(first, FileUse.Read, out _);
        }
        catch (SafeStoreException failure) when (failure is LogCorruptException or StoreFormatException)
        {
            return null;
        }
        catch (StorageException failure) when (failure.Errno == Errno.NotFound)
        {
            return null;
        }
    }
}
