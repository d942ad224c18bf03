using System;
using System.Collections.Generic;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Operations.Verify;

/// <summary>
/// Looks at every segment of the log, those that nothing needs any more among them: its header, its records, and that it continues the one
/// before it. (Where the log must not end, the engine's own reader tells.)
/// </summary>
/// <param name="log">The log.</param>
/// <param name="config">The config root's document; null if it cannot be read.</param>
/// <param name="run">The run root's.</param>
internal sealed class LogCheck(LogDirectory log, RootDocument? config, RootDocument? run)
{
    private readonly List<Finding> _found = [];
    private (LogPosition End, string Path)? _before;

    public IReadOnlyList<Finding> Run(FileStatus root)
    {
        List<Lsn> segments = log.List();
        foreach (Lsn first in segments)
        {
            try
            {
                using SegmentReader segment = log.Open(first, FileUse.Read);
                StorageException.ThrowIfFailed(log.FileSystem.Stat(segment.File, out FileStatus status), "look at", segment.File);
                _found.AddRange(Permissions.Check(status, root, FileRole.Metadata, segment.File.Path));
                CheckIdentity(segment, isNewest: first == segments[^1]);
                CheckRecords(segment);
            }
            catch (LogCorruptException damage)
            {
                _found.Add(FindingKind.Log.At(damage.Path, damage.Reason));
                _before = null;
            }
            catch (StoreFormatException)
            {
                _before = null; // which the condition tells
            }
            catch (StorageException failure) when (failure.Errno == Errno.NotFound)
            {
                _before = null; // released since it was listed
            }
            catch (StorageException failure)
            {
                _found.Add(FindingKind.Unreadable.At(failure.Path, $"the segment cannot be read ({failure.Errno})"));
                _before = null;
            }
        }

        return _found;
    }

    private void CheckIdentity(SegmentReader segment, bool isNewest)
    {
        StoreIdentity said = segment.Header.Identity;
        if (config is not null && said.Store != config.Store)
        {
            _found.Add(FindingKind.StoreId.At(segment.File.Path, $"the segment is of another store, {said.Store}"));
        }

        foreach ((RootDocument? document, Guid id) in new[] { (config, said.ConfigRoot), (run, said.RunRoot) })
        {
            if (isNewest && document is not null && id != document.Root && id != document.Former)
            {
                _found.Add(FindingKind.StoreId.At(
                    segment.File.Path, $"the segment is of the root {id}, and root.json says {document.Root}"));
            }
        }
    }

    private void CheckRecords(SegmentReader segment)
    {
        SegmentHeader header = segment.Header;
        if (_before is { } before
            && (header.PreviousLsn != before.End.Next.Previous || header.PreviousChecksum != before.End.Checksum))
        {
            _found.Add(FindingKind.Log.At(
                before.Path, $"its records end with LSN {before.End.Next.Previous} at byte {before.End.Offset}, and the next segment "
                + $"continues after LSN {header.PreviousLsn}"));
        }

        LogPosition end = LogPosition.StartOf(header);
        while (segment.TryReadNext(end, out LogPosition next) is { } record)
        {
            if (PlanCodec.TryRead(record.Payload) is null)
            {
                _found.Add(FindingKind.Log.At(segment.File.Path, $"the record with LSN {record.Lsn} makes no sense to this version"));
            }

            end = next;
        }

        _before = (end, segment.File.Path);
    }
}
