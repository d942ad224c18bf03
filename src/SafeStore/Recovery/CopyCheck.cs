using System;
using System.Collections.Generic;
using System.Globalization;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Roots;

namespace SafeStore.Recovery;

/// <summary>
/// Whether the roots and the log are of one time, before recovery changes anything: a root that was restored or copied alone shows by its
/// life, by its watermark, or by what it knows of a log that the other does not have.
/// </summary>
internal sealed class CopyCheck(RootSet roots, ParkedRecords parked, string logPath, LogContents log)
{
    private const string Remedy = "Restore both roots from one backup, or run 'safestore repair'";

    private Lsn End => log.End.Next.Previous;

    /// <summary>
    /// The lives must be one, but that the run root may not have begun what it announces. A watermark of the run root below the config
    /// root's is no crash, nor is one above the log's end.
    /// </summary>
    /// <param name="config">The config root's watermark.</param>
    /// <param name="run">The run root's watermark; null if it has none.</param>
    /// <exception cref="StoreMetadataException">The roots are of different times, or a watermark is missing.</exception>
    /// <exception cref="LogCorruptException">The log has lost what the run root has.</exception>
    public void CheckWatermarks(WatermarkState config, WatermarkState? run)
    {
        if (run is null)
        {
            throw new StoreMetadataException(roots.Run.Metadata.Path, $"the root's watermark is missing. {Remedy}");
        }

        bool isOneLife = config.Life == run.Life || config.Life == run.PendingLife;
        if (!isOneLife || run.Lsn < config.Lsn)
        {
            throw OfDifferentTimes(config, run);
        }

        if (run.Lsn > End)
        {
            throw Lost($"the watermark of the root '{roots.Run.Directory.Path}' stands at LSN {run.Lsn}");
        }
    }

    /// <summary>
    /// No word goes before the sync of the record that it names. (The words of sandboxes that are not in the log tell their lockers.)
    /// </summary>
    /// <param name="redos">The sandboxes in the log.</param>
    /// <param name="synced">What the last users of the store have synced, by the shared words.</param>
    /// <exception cref="LogCorruptException">The log has lost what a word knows.</exception>
    public void CheckWords(IEnumerable<Redo> redos, Lsn synced)
    {
        foreach (Redo redo in redos)
        {
            if (parked.TryReadWord(redo.Sandbox) is { } word
                && word.Lsn > End)
            {
                throw Lost($"the lock word of sandbox '{redo.Sandbox}' knows LSN {word.Lsn}");
            }
        }

        if (synced > End)
        {
            throw Lost($"it was synced up to LSN {synced}");
        }
    }

    private LogCorruptException Lost(string reason) => new(logPath, log.End.Offset, log.End.Next, reason);

    private StoreMetadataException OfDifferentTimes(WatermarkState config, WatermarkState run)
    {
        bool isRunOlder = run.Life.Number < config.Life.Number || run.Lsn < config.Lsn;
        (RootDirectory suspect, WatermarkState older, WatermarkState newer) =
            isRunOlder ? (roots.Run, run, config) : (roots.Config, config, run);
        string same = older.Life.Number == newer.Life.Number && older.Lsn == newer.Lsn ? "which is of no other age" : "it looks older";
        string cause = FindDamaged(suspect) is { } file ? $"its watermark file '{file}' is missing or damaged, and the other one is older"
            : "the roots are copies of different times";
        return new StoreMetadataException(
            suspect.Directory.Path,
            string.Create(
                CultureInfo.InvariantCulture,
                $"its life {older.Life.Number}, at LSN {older.Lsn}, is not that of the other root (life {newer.Life.Number}, at LSN "
                + $"{newer.Lsn}), {same}: {cause}. {Remedy}"));
    }

    /// <summary>A watermark file that is not what an opening has made: its content is never shorter, even if it is torn.</summary>
    private string? FindDamaged(RootDirectory root) => Array.Find(
        Watermark.FileNames,
        name => roots.FileSystem.Stat(root.Metadata, name, out FileStatus status) != Errno.None
            || status.Size < Watermark.FileBytes);
}
