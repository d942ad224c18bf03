using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Roots;

namespace SafeStore.Log;

/// <summary>What is in a store's log, and where its chain breaks. Changes nothing, but keeps others from appending while it looks.</summary>
internal static class LogInspection
{
    /// <exception cref="StorageException">The log cannot be read, or a checkpoint took a segment away meanwhile.</exception>
    /// <exception cref="LockTimeoutException">The log's lock was not free in time.</exception>
    public static async ValueTask<LogReport> RunAsync(StoreLayout layout, StoreOptions options, CancellationToken cancellation)
    {
        IDurableFileSystem fs = options.FileSystem;
        StorageException.ThrowIfFailed(fs.OpenRoot(layout.ConfigMetadata, out DirectoryHandle? metadata), "open the directory", layout.ConfigMetadata);
        using (metadata)
        {
            StorageException.ThrowIfFailed(fs.OpenDirectory(metadata!, "log", out DirectoryHandle? directory), "open the directory", metadata!.Path, "log");
            using (directory)
            {
                using var waiting = new LockWaiting(options.TimeProvider, options.LockTimeout);
                using FileLock openLock = FileLock.Open(fs, metadata, "open.lock", waiting);
                using FileLock logLock = FileLock.Open(fs, metadata, "log.lock", waiting);
                bool isInUse = !openLock.TryAcquire(LockMode.Exclusive);
                await logLock.AcquireAsync(LockMode.Exclusive, options.LockTimeout, cancellation).ConfigureAwait(false);
                return Look(new LogDirectory(fs, directory!, options.SegmentBytes, options.LogBytesMax), new Watermark(fs, metadata), StoreOf(fs, metadata), isInUse);
            }
        }
    }

    /// <summary>The store's id. Without one the log is shown nevertheless: what is wrong with the store's own document, its opening tells.</summary>
    private static Guid? StoreOf(IDurableFileSystem fs, DirectoryHandle metadata)
    {
        try
        {
            return StoreMetadata.ReadStore(fs, metadata)?.Store;
        }
        catch (SafeStoreException failure) when (failure is StoreMetadataException or StoreFormatException)
        {
            return null;
        }
    }

    private static LogReport Look(LogDirectory directory, Watermark watermark, Guid? store, bool isInUse)
    {
        var segments = new List<SegmentReport>();
        foreach (Lsn first in directory.List())
        {
            segments.Add(Look(directory, first));
        }

        Lsn? mark = null;
        try
        {
            LogContents log = LogScanner.ReadChecked(directory, watermark, store, out mark);
            return new LogReport(directory.Path, isInUse, mark, log.Header is null ? null : log.End.Next.Previous, segments, null);
        }
        catch (LogCorruptException damage)
        {
            Lsn? last = damage.ExpectedLsn == default ? null : damage.ExpectedLsn.Previous;
            return new LogReport(directory.Path, isInUse, mark, last, segments, damage);
        }
    }

    private static SegmentReport Look(LogDirectory directory, Lsn first)
    {
        try
        {
            using SegmentReader segment = directory.Open(first, FileUse.Read);
            LogPosition end = LogPosition.StartOf(segment.Header);
            long records = 0;
            while (segment.TryReadNext(end, out LogPosition next) is not null)
            {
                end = next;
                records++;
            }

            return new SegmentReport(segment.File.Path, first, segment.Header.SegmentBytes, records, end.Next.Previous, end.Offset, null);
        }
        catch (LogCorruptException damage)
        {
            return new SegmentReport(damage.Path, first, null, 0, null, 0, damage.Reason);
        }
    }
}

/// <summary>A log as somebody who repairs it wants to see it.</summary>
/// <param name="Path">The log's directory.</param>
/// <param name="IsInUse">Another process has the store open.</param>
/// <param name="Watermark">Up to here the documents need no log; null if it does not exist or is damaged.</param>
/// <param name="LastValid">The last record of the unbroken chain; null if there is none.</param>
/// <param name="Segments">The segments, oldest first.</param>
/// <param name="Damage">Where the chain breaks; null if it is whole.</param>
internal sealed record LogReport(string Path, bool IsInUse, Lsn? Watermark, Lsn? LastValid, IReadOnlyList<SegmentReport> Segments, LogCorruptException? Damage);

/// <summary>One segment.</summary>
/// <param name="Path">Its file.</param>
/// <param name="First">The first LSN, by its name.</param>
/// <param name="Bytes">Its size by its header; null if that is damaged.</param>
/// <param name="Records">How many records follow each other from its start.</param>
/// <param name="Last">The LSN of the last of them; one less than the first if there is none.</param>
/// <param name="End">Where that one ends, in bytes from the start.</param>
/// <param name="Fault">What is wrong with the file itself; null if nothing is.</param>
internal sealed record SegmentReport(string Path, Lsn First, long? Bytes, long Records, Lsn? Last, long End, string? Fault);
