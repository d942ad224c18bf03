using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Log;

namespace SafeStore.Operations.Log;

/// <summary>The log, read without its lock, while other processes may append to it and release segments.</summary>
internal sealed class OpenLog : IDisposable
{
    private const string SparePrefix = "spare-";

    private readonly IDurableFileSystem _fs;
    private readonly DirectoryHandle _handle;
    private readonly LogDirectory _directory;

    private OpenLog(StoreOptions options, DirectoryHandle handle)
    {
        _fs = options.FileSystem;
        _handle = handle;
        _directory = new LogDirectory(_fs, handle, options.SegmentBytes, options.LogBytesMax);
    }

    public string Path => _directory.Path;

    /// <exception cref="StorageException">It is not there, or may not be read.</exception>
    public static OpenLog Open(StoreOptions options, DirectoryHandle metadata)
    {
        StorageException.ThrowIfFailed(
            options.FileSystem.OpenDirectory(metadata, LogDirectory.DirectoryName, out DirectoryHandle? directory), "open the log",
            metadata, LogDirectory.DirectoryName);
        return new OpenLog(options, directory!);
    }

    /// <summary>All records that can be read, oldest first; those of a segment up to its first damage.</summary>
    /// <param name="from">The first to give.</param>
    /// <exception cref="StorageException">A segment cannot be read.</exception>
    public IEnumerable<LoggedTransaction> Read(Lsn from = default)
    {
        List<Lsn> segments = _directory.List();
        for (int i = 0; i < segments.Count; i++)
        {
            bool isBefore = i + 1 < segments.Count && segments[i + 1] <= from;
            foreach (LoggedTransaction transaction in isBefore ? [] : ReadSegment(segments[i], from))
            {
                yield return transaction;
            }
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

    private IEnumerable<LoggedTransaction> ReadSegment(Lsn first, Lsn from)
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
                yield return new LoggedTransaction(
                    record.Lsn, System.IO.Path.GetFileName(segment.File.Path), RecordFormat.SizeOf(record.Payload.Length),
                    [.. (PlanCodec.TryRead(record.Payload) ?? []).Select(Tell)]);
            }
        }
    }

    /// <summary>Null if it was released since it was listed, or its header is damaged: what is wrong, the condition tells.</summary>
    private SegmentReader? TryOpen(Lsn first)
    {
        try
        {
            return _directory.Open(first, FileUse.Read);
        }
        catch (LogCorruptException)
        {
            return null;
        }
        catch (StorageException failure) when (failure.Errno == Errno.NotFound)
        {
            return null;
        }
    }

    private static LoggedSandbox Tell(SandboxPlan plan) => new(plan.Sandbox, plan.Kind switch
    {
        PlanKind.Create => LoggedKind.Create,
        PlanKind.Remove => LoggedKind.Remove,
        _ => LoggedKind.Update,
    })
    {
        CreatedContainers = plan.CreatedContainers,
        RemovedContainers = plan.RemovedContainers,
        Puts = [.. plan.Puts.Select(put => new DocumentEntry(IdOf(plan, put.Key), put.Content.Length))],
        Deletes = [.. plan.Deletes.Select(key => IdOf(plan, key))],
    };

    private static DocumentId IdOf(SandboxPlan plan, DocumentKey key) =>
        DocumentId.Trusted(plan.Sandbox, key.Container, key.Root, key.File);
}
