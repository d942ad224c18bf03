using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Operations.Locks;
using SafeStore.Operations.Log;
using SafeStore.Operations.Sandboxes;
using SafeStore.Roots;

namespace SafeStore.Operations.Status;

/// <summary>Reads all that can be told of a store.</summary>
internal sealed class ReportReader(StoreOptions options, ViewedRoot[] roots, SandboxLister lister, ConditionReader conditions)
{
    private const string MountTable = "/proc/self/mountinfo";

    private readonly IDurableFileSystem _fs = options.FileSystemInUse;
    private readonly ProblemList _problems = new();

    public StoreReport Read(CancellationToken cancellation)
    {
        StoreCondition condition = conditions.Read();
        _problems.AddAll(condition.Problems);
        var sandboxes = new List<SandboxEntry>();
        foreach (string sandbox in _problems.Try<IReadOnlyList<string>>(lister.ListNames, []))
        {
            cancellation.ThrowIfCancellationRequested();
            if (TryRead(sandbox) is { } entry)
            {
                sandboxes.Add(entry);
                _problems.AddAll(entry.Problems);
            }
        }

        var survey = LockSurvey.Take(StoreDocument.FileName, Vocabulary.Identifier.LockFile);
        var processes = new LockProcesses(_fs, roots, survey);
        IReadOnlyList<LockProcess> openers = processes.OfStore(StoreLock.Open);
        var left = new LeftReader(_fs, roots, _problems);
        return new StoreReport(condition, [.. roots.Select(root => ReadRoot(root, condition))], ReadLog(condition, sandboxes, processes))
        {
            Sandboxes = sandboxes.Count,
            Containers = sandboxes.Sum(static each => each.Containers.Count),
            Documents = sandboxes.Sum(static each => each.Documents.Count),
            Bytes = sandboxes.Sum(static each => each.Bytes),
            Overruled = left.ReadOverruled(),
            Scratch = left.ReadScratch(survey, openers.Count > 0),
            Processes = openers,
            Problems = _problems.All,
        };
    }

    private SandboxEntry? TryRead(string sandbox)
    {
        try
        {
            return lister.Read(sandbox);
        }
        catch (NotFoundException)
        {
            return null; // removed since it was listed
        }
    }

    private RootReport ReadRoot(ViewedRoot root, StoreCondition condition) => new(root.Root, root.Path, root.MetadataPath)
    {
        Id = condition.Roots.TryGetValue(root.Root, out Guid id) && id != default ? id : null,
        Filesystem = root.Directory is { } directory ? ReadFilesystem(directory) : null,
    };

    private FilesystemReport? ReadFilesystem(DirectoryHandle directory)
    {
        if (_fs.Describe(directory, out FileSystemTraits? traits) != Errno.None
            || _fs.Stat(directory, out FileStatus status) != Errno.None)
        {
            return null;
        }

        MountEntry? mount = MountInfo.Find(PseudoFile.Read(MountTable), status.MountId);
        return new FilesystemReport(traits!.Name, traits.IsJournaled, traits.IsVolatile)
        {
            Mount = mount?.Point,
            Source = mount?.Source,
            Options = mount?.Options,
        };
    }

    private LogSummary? ReadLog(StoreCondition condition, List<SandboxEntry> sandboxes, LockProcesses processes)
    {
        if (roots[0].Metadata is not { } metadata)
        {
            return null;
        }

        return _problems.Try<LogSummary?>(
            () =>
            {
                using var log = OpenLog.Open(options, metadata);
                Lsn? last = null;
                var first = new Dictionary<string, Lsn>(StringComparer.Ordinal);
                var versions = sandboxes.Where(static each => each.Word == LockWordCondition.Committing)
                    .ToDictionary(static each => each.Sandbox, static each => each.Version ?? default, StringComparer.Ordinal);
                foreach (LoggedTransaction transaction in log.Read())
                {
                    last = transaction.Lsn;
                    foreach (LoggedSandbox each in transaction.Sandboxes)
                    {
                        if (transaction.Lsn > (condition.Watermark ?? default)
                            && versions.TryGetValue(each.Sandbox, out Lsn version) && transaction.Lsn > version)
                        {
                            _ = first.TryAdd(each.Sandbox, transaction.Lsn);
                        }
                    }
                }

                (int segments, long bytes, long spares) = log.Measure();
                return new LogSummary(log.Path, segments, bytes)
                {
                    SpareBytes = spares,
                    LastLsn = last ?? log.LastLsn(),
                    HeldUpBy = [.. first.OrderBy(static each => each.Value)
                        .Select(each => new LogHolder(each.Key, each.Value, processes.HoldersOfSandbox(each.Key)))],
                };
            },
            null);
    }
}
