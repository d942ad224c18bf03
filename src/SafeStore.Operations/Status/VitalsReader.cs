using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Roots;

namespace SafeStore.Operations.Status;

/// <summary>Reads what tells whether an open store is well: metadata, and of the log its sizes and the current segment.</summary>
internal sealed class VitalsReader(StoreOptions options, ViewedRoot[] roots)
{
    private const int ReadingsMax = 5;

    private readonly IDurableFileSystem _fs = options.FileSystemInUse;
    private readonly ProblemList _problems = new();

    public StoreVitals Read()
    {
        foreach (SafeStoreException failure in roots.Select(static root => root.Failure).OfType<SafeStoreException>())
        {
            _problems.Add(failure);
        }

        if (StoreFormat.FindOther(_fs, [.. roots.Select(static root => root.Metadata)]) is { } other)
        {
            _problems.Add(other);
        }

        RootDocument? any = RootDocuments.Read(_fs, roots, _problems).Values.FirstOrDefault();
        DirectoryHandle? config = roots[0].Metadata;
        WatermarkState? mark = config is null ? null : _problems.Try<WatermarkState?>(() => new Watermark(_fs, config).Read(), null);
        LogEnd? log = config is null ? null : _problems.Try<LogEnd?>(() => ReadLog(config), null);
        return new StoreVitals(log?.Bytes, _problems.All)
        {
            Store = any?.Store,
            Watermark = mark?.Lsn,
            SealedLsn = log?.Sealed,
            LastLsn = log?.Last,
            Parked = [.. (mark?.Parked ?? []).Select(static entry => new ParkedSandbox(entry.Sandbox, entry.Last))],
        };
    }

    private LogEnd? ReadLog(DirectoryHandle config)
    {
        StorageException.ThrowIfFailed(
            _fs.OpenDirectory(config, LogDirectory.DirectoryName, out DirectoryHandle? directory), "open the directory", config,
            LogDirectory.DirectoryName);
        using (directory)
        {
            var log = new LogDirectory(_fs, directory!, options.SegmentBytes, options.LogBytesMax);
            for (int reading = 1; ; reading++)
            {
                try
                {
                    return log.List() is [.., var current] ? ReadEnd(log, current) : null;
                }
                catch (StorageException failure) when (failure.Errno == Errno.NotFound && reading < ReadingsMax)
                {
                    // A checkpoint has released the segment since it was listed: there is a newer one.
                }
            }
        }
    }

    private static LogEnd ReadEnd(LogDirectory log, Lsn current)
    {
        using SegmentReader segment = log.Open(current, FileUse.Read);
        LogPosition end = segment.EndAfter(LogPosition.StartOf(segment.Header));
        return new LogEnd(log.MeasureBytes(), current.Previous, end.Next.Previous);
    }

    private sealed record LogEnd(long Bytes, Lsn Sealed, Lsn Last);
}
