using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Operations.Locks;
using SafeStore.Roots;

namespace SafeStore.Operations.Doctor;

/// <summary>What was seen of the machine, and of the processes that have the store open.</summary>
/// <param name="Now">The machine's clock.</param>
/// <param name="Newest">The file of the store's metadata that was changed last; null if there is none.</param>
/// <param name="Limits">The limits of this process and of those that have the store open.</param>
/// <param name="MemoryMax">The bytes that this process's control group may have; null if there is no bound, or it is not told.</param>
internal sealed record MachineFacts(
    DateTimeOffset Now, ChangedFile? Newest, IReadOnlyList<ProcessLimits> Limits, long? MemoryMax)
{
    public static MachineFacts Read(StoreLayout layout, StoreOptions options)
    {
        IDurableFileSystem fs = options.FileSystemInUse;
        using var config = ViewedRoot.Open(fs, layout, StoreRoot.Config);
        using var run = ViewedRoot.Open(fs, layout, StoreRoot.Run);
        ViewedRoot[] roots = [config, run];
        IEnumerable<string> openers = config.HasMark
            ? new LockProcesses(fs, roots, LockSurvey.Take(StoreDocument.FileName)).OfStore(StoreLock.Open)
                .Select(static each => each.ProcessId).OfType<int>().Distinct()
                .Select(static id => id.ToString(CultureInfo.InvariantCulture))
            : [];
        ChangedFile[] changes = [.. roots.SelectMany(root => ChangesIn(fs, root.Metadata)).Concat(LogChanges(fs, config.Metadata))];
        return new MachineFacts(
            options.TimeProvider.GetUtcNow(), changes.MaxBy(static each => each.Time),
            [.. openers.Prepend("self").Select(ProcessLimits.Read)], MemoryGroup.ReadMax(PseudoFile.Read));
    }

    private static List<ChangedFile> LogChanges(IDurableFileSystem fs, DirectoryHandle? metadata)
    {
        if (metadata is null || fs.OpenDirectory(metadata, LogDirectory.DirectoryName, out DirectoryHandle? log) != Errno.None)
        {
            return [];
        }

        using (log)
        {
            return ChangesIn(fs, log);
        }
    }

    private static List<ChangedFile> ChangesIn(IDurableFileSystem fs, DirectoryHandle? directory)
    {
        var found = new List<ChangedFile>();
        var entries = new List<DirectoryEntry>();
        if (directory is null || fs.List(directory, entries) != Errno.None)
        {
            return found;
        }

        foreach (DirectoryEntry entry in entries.Where(static each => each.Kind == FileKind.Regular))
        {
            if (fs.OpenFile(directory, entry.Name, FileUse.Read, out FileHandle? file) == Errno.None)
            {
                using (file)
                {
                    if (fs.LastChange(file!, out DateTimeOffset time) == Errno.None)
                    {
                        found.Add(new ChangedFile(file!.Path, time));
                    }
                }
            }
        }

        return found;
    }
}

/// <summary>A file with the time of its last change.</summary>
internal sealed record ChangedFile(string Path, DateTimeOffset Time);

/// <summary>Limits of a process, by /proc/(pid)/limits (proc_pid_limits(5)). Null is unlimited, or not told.</summary>
/// <param name="Process">Its id, or "self".</param>
/// <param name="OpenFiles">RLIMIT_NOFILE.</param>
/// <param name="FileBytes">RLIMIT_FSIZE.</param>
internal sealed record ProcessLimits(string Process, long? OpenFiles, long? FileBytes)
{
    public static ProcessLimits Read(string process) => Parse(process, PseudoFile.Read($"/proc/{process}/limits"));

    public static ProcessLimits Parse(string process, string text) =>
        new(process, SoftLimit(text, "Max open files"), SoftLimit(text, "Max file size"));

    private static long? SoftLimit(string text, string name) =>
        text.Split('\n').FirstOrDefault(line => line.StartsWith(name + " ", StringComparison.Ordinal)) is { } line
        && long.TryParse(
            line[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(), CultureInfo.InvariantCulture,
            out long limit) ? limit : null;
}

/// <summary>The control group that bounds this process's memory (cgroups(7)).</summary>
internal static class MemoryGroup
{
    /// <param name="read">Reads a file of the kernel; empty if there is none.</param>
    public static long? ReadMax(Func<string, string> read)
    {
        long? least = null;
        foreach (string line in read("/proc/self/cgroup").Split('\n'))
        {
            // "0::/user.slice", or of version 1 "4:memory:/docker/1". A container sees its own group as the whole tree.
            string[] fields = line.Split(':', 3);
            if (fields.Length == 3 && (fields[1].Length == 0 || fields[1] == "memory"))
            {
                (string tree, string file) = fields[1].Length == 0
                    ? ("/sys/fs/cgroup", "memory.max") : ("/sys/fs/cgroup/memory", "memory.limit_in_bytes");
                foreach (string text in new[] { read($"{tree}{fields[2].TrimEnd('/')}/{file}"), read($"{tree}/{file}") })
                {
                    least = long.TryParse(text.Trim(), CultureInfo.InvariantCulture, out long max) && !(max >= least) ? max : least;
                }
            }
        }

        return least;
    }
}
