using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Operations.Log;
using SafeStore.Recovery;
using SafeStore.Roots;

namespace SafeStore.Operations.Verify;

/// <summary>
/// Looks whether watermarks, words, parked records and log are of one time, by the engine's own rules. It reads what grows first last: the
/// config root's watermark, the run root's, the words, the log.
/// </summary>
internal sealed class CopiesCheck(StoreLayout layout, StoreOptions options, ViewedRoot[] roots, List<Finding> found)
{
    private const int WordsBytes = 80; // the words themselves; behind them are the holders of locks, for messages only

    private readonly IDurableFileSystem _fs = options.FileSystemInUse;

    public void Run(StoreCondition condition)
    {
        if (roots.Any(static root => root.Directory is null || root.Metadata is null))
        {
            return; // the condition tells
        }

        try
        {
            using var all = RootSet.OpenToLook(_fs, layout);
            var watermarks = new Watermarks(all);
            WatermarkState? config = watermarks.Config.Read();
            WatermarkState? run = watermarks.Run.Read();
            Lsn synced = CheckWords(condition, run);
            using var files = OpenLog.Open(options, all.Config.Metadata);
            var parked = new ParkedRecords(all, watermarks, files.Directory.BytesMax);
            CheckParked(config, parked);
            LogContents? log = UnlockedLog.Read(files.Directory, watermarks.Config, condition.Store).Contents;
            bool isNew = run is null && condition.Roots.TryGetValue(StoreRoot.Run, out Guid id) && log?.Header?.Identity.RunRoot != id;
            if (config is not null && log is not null && !isNew)
            {
                var check = new CopyCheck(all, parked, files.Path, log);
                check.CheckWatermarks(config, run);
                check.CheckWords([], synced);
            }
        }
        catch (StoreMetadataException failure)
        {
            found.Add(FindingKind.RootsDiffer.At(failure.Path, failure.Message.TrimEnd('.')));
        }
        catch (LogCorruptException damage)
        {
            found.Add(FindingKind.Log.At(damage.Path, damage.Reason));
        }
        catch (SafeStoreException failure)
        {
            var told = new ProblemList();
            told.Add(failure);
            if (!told.All.Any(each => each.Path is { } path && condition.Problems.Any(problem => problem.Path == path)))
            {
                found.Add(FindingKind.Unreadable.At(layout.ConfigMetadata, failure.Message.TrimEnd('.')));
            }
        }
    }

    /// <returns>What the last users of the store have synced, if the words are theirs.</returns>
    private Lsn CheckWords(StoreCondition condition, WatermarkState? run)
    {
        string path = $"{roots[1].MetadataPath}/{SharedState.FileName}";
        byte[] words = new byte[LockHolders.Bytes];
        Errno errno = _fs.ReadWhole(roots[1].Metadata!, SharedState.FileName, words, out int count);
        if (errno != Errno.None)
        {
            found.Add(errno == Errno.AccessDenied ? FindingKind.Hidden.At(path, "this user may not read it")
                : errno == Errno.NotFound ? FindingKind.Words.At(path, "the words are missing")
                : FindingKind.Unreadable.At(path, $"the words cannot be read ({errno})"));
            return default;
        }

        if (count < WordsBytes)
        {
            found.Add(FindingKind.Words.At(path, "the words are cut off"));
            return default;
        }

        bool isOfLife = run is not null && Word(SharedWord.Life) == SharedState.WordOf(run.Life);
        if (!Enum.IsDefined((StoreStatus)Word(SharedWord.Status)))
        {
            found.Add(FindingKind.Words.At(path, "they say no state of a store"));
        }
        else if (condition.State == StoreState.Open && (!isOfLife || Word(SharedWord.Home) != HomeOf()))
        {
            found.Add(FindingKind.Words.At(path, "the store is open, and these are not its words"));
        }

        return isOfLife ? new Lsn((long)Word(SharedWord.SyncedLsn)) : default;

        ulong Word(SharedWord word) => BinaryPrimitives.ReadUInt64LittleEndian(words.AsSpan((int)word * sizeof(ulong)));
    }

    private ulong HomeOf() => _fs.Stat(roots[0].Metadata!, out FileStatus status) == Errno.None ? status.Inode : 0;

    private void CheckParked(WatermarkState? config, ParkedRecords parked)
    {
        foreach (ParkedEntry entry in config?.Parked ?? [])
        {
            try
            {
                _ = parked.Join(entry, []);
            }
            catch (LogCorruptException damage)
            {
                found.Add(FindingKind.ParkedDamaged.At(damage.Path, "the parked records are missing or damaged") with
                {
                    Sandbox = entry.Sandbox,
                });
            }
        }

        var entries = new List<DirectoryEntry>();
        _ = _fs.List(roots[0].Metadata!, ParkedRecords.DirectoryName, entries); // there is none where nothing was ever parked
        found.AddRange(entries.Where(entry => config?.Parked.Any(parked => parked.Sandbox == entry.Name) != true)
            .Select(entry => FindingKind.LeftBehind.At(
                $"{roots[0].MetadataPath}/{ParkedRecords.DirectoryName}/{entry.Name}", "no watermark names these parked records")));
    }
}
