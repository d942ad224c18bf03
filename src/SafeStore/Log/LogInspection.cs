using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Roots;

namespace SafeStore.Log;

/// <summary>What is in a store's log, and where its chain breaks. Changes nothing and takes no lock.</summary>
internal static class LogInspection
{
    private const int AttemptsMax = 3;

    /// <exception cref="StorageException">The log cannot be read.</exception>
    public static LogReport Run(StoreLayout layout, StoreOptions options)
    {
        IDurableFileSystem fs = options.FileSystem;
        StorageException.ThrowIfFailed(
            fs.OpenRoot(layout.ConfigMetadata, out DirectoryHandle? metadata), "open the directory", layout.ConfigMetadata);
        using (metadata)
        {
            StorageException.ThrowIfFailed(
                fs.OpenDirectory(metadata!, "log", out DirectoryHandle? directory), "open the directory", metadata!, "log");
            using (directory)
            {
                var log = new LogDirectory(fs, directory!, options.SegmentBytes, options.LogBytesMax);
                for (int attempt = 1; ; attempt++)
                {
                    List<Lsn> before = log.List();
                    LogReport report = Look(log, new Watermark(fs, metadata!), StoreOf(fs, metadata!));
                    if (report.Damage is null || attempt == AttemptsMax || before.SequenceEqual(log.List()))
                    {
                        return report; // else a process has changed segments meanwhile: what looks like a gap may be none
                    }
                }
            }
        }
    }

    /// <summary>
    /// The store's id. Without one the log is shown nevertheless: what is wrong with the store's own document, its opening tells.
    /// </summary>
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

    private static LogReport Look(LogDirectory directory, Watermark watermark, Guid? store)
    {
        var segments = new List<SegmentReport>();
        foreach (Lsn first in directory.List())
        {
            segments.Add(Look(directory, first));
        }

        Lsn? mark = null;
        try
        {
            LogContents log = LogReader.ReadChecked(directory, watermark, store, out mark);
            return new LogReport(directory.Path, mark, log.Header is null ? null : log.End.Next.Previous, segments, null);
        }
        catch (LogCorruptException damage)
        {
            Lsn? last = damage.ExpectedLsn == default ? null : damage.ExpectedLsn.Previous;
            return new LogReport(directory.Path, mark, last, segments, damage);
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

/// <summary>A log as a repair needs to see it.</summary>
/// <param name="Path">The log's directory.</param>
/// <param name="Watermark">Up to here the documents need no log; null if it does not exist or is damaged.</param>
/// <param name="LastValid">The last record of the unbroken chain; null if there is none.</param>
/// <param name="Segments">The segments, oldest first.</param>
/// <param name="Damage">Where the chain breaks; null if it is whole.</param>
internal sealed record LogReport(
    string Path, Lsn? Watermark, Lsn? LastValid, IReadOnlyList<SegmentReport> Segments, LogCorruptException? Damage);

/// <summary>One segment.</summary>
/// <param name="Path">Its file.</param>
/// <param name="First">The first LSN, by its name.</param>
/// <param name="Bytes">Its size by its header; null if that is damaged.</param>
/// <param name="Records">How many records follow each other from its start.</param>
/// <param name="Last">The LSN of the last of them; one less than the first if there is none.</param>
/// <param name="End">Where that one ends, in bytes from the start.</param>
/// <param name="Fault">What is wrong with the file itself; null if nothing is.</param>
internal sealed record SegmentReport(string Path, Lsn First, long? Bytes, long Records, Lsn? Last, long End, string? Fault);
