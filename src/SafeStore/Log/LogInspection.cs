using System;
using System.Collections.Generic;
using SafeStore.FileSystem;
using SafeStore.Roots;

namespace SafeStore.Log;

/// <summary>What is in a store's log, and where its chain breaks. Changes nothing and takes no lock.</summary>
internal static class LogInspection
{
    /// <exception cref="StorageException">The log cannot be read.</exception>
    public static LogReport Run(StoreLayout layout, StoreOptions options)
    {
        IDurableFileSystem fs = options.FileSystemInUse;
        StorageException.ThrowIfFailed(
            fs.OpenRoot(layout.ConfigMetadata, out DirectoryHandle? metadata), "open the directory", layout.ConfigMetadata);
        using (metadata)
        {
            StorageException.ThrowIfFailed(
                fs.OpenDirectory(metadata!, LogDirectory.DirectoryName, out DirectoryHandle? directory), "open the directory", metadata!,
                LogDirectory.DirectoryName);
            using (directory)
            {
                var log = new LogDirectory(fs, directory!, options.SegmentBytes, options.LogBytesMax);
                return Look(log, new Watermark(fs, metadata!), StoreOf(fs, metadata!));
            }
        }
    }

    /// <summary>
    /// The store's id, by the config root's document. Without one the log is shown nevertheless: what is wrong there, an opening tells.
    /// </summary>
    private static Guid? StoreOf(IDurableFileSystem fs, DirectoryHandle metadata)
    {
        try
        {
            return StoreMetadata.ReadRoot(fs, metadata)?.Store;
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
            if (Look(directory, first) is { } segment)
            {
                segments.Add(segment);
            }
        }

        (LogContents? log, Lsn? mark, LogCorruptException? damage) = UnlockedLog.Read(directory, watermark, store);
        Lsn? last = damage is not null ? (damage.ExpectedLsn == default ? null : damage.ExpectedLsn.Previous)
            : log?.Header is null ? null : log.End.Next.Previous;
        return new LogReport(directory.Path, mark, last, segments, damage);
    }

    /// <summary>A segment; null if it was released since it was listed.</summary>
    private static SegmentReport? Look(LogDirectory directory, Lsn first)
    {
        try
        {
            using SegmentReader segment = directory.OpenPart(first, FileUse.Read, out LogCorruptException? cut);
            LogPosition end = LogPosition.StartOf(segment.Header);
            long records = 0;
            while (segment.TryReadNext(end, out LogPosition next) is not null)
            {
                end = next;
                records++;
            }

            return new SegmentReport(
                segment.File.Path, first, segment.Header.SegmentBytes, records, end.Next.Previous, end.Offset, cut?.Reason);
        }
        catch (LogCorruptException damage)
        {
            return new SegmentReport(damage.Path, first, null, 0, null, 0, damage.Reason);
        }
        catch (StorageException failure) when (failure.Errno == Errno.NotFound)
        {
            return null;
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
