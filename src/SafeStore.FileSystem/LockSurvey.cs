using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace SafeStore.FileSystem;

/// <summary>
/// All file locks of the machine, as /proc/locks tells of them at one moment, with their holders. Of a lock that belongs to an open file
/// (F_OFD_SETLK) the kernel names no process there; /proc/(pid)/fdinfo of each process that may be looked at does.
/// </summary>
internal sealed class LockSurvey
{
    private const string LinePrefix = "lock:";

    private readonly IReadOnlyList<SurveyedLock> _locks;

    private LockSurvey(IReadOnlyList<SurveyedLock> locks) => _locks = locks;

    /// <summary>Reads them.</summary>
    /// <param name="names">The names of the files whose holders are wanted; the others are not looked for.</param>
    public static LockSurvey Take(params string[] names)
    {
        List<SurveyedLock> table = Parse(PseudoFile.Read("/proc/locks"));
        var held = new List<SurveyedLock>();
        if (names.Length > 0 && table.Exists(static each => each.IsOfOpenFile))
        {
            foreach (int process in Processes())
            {
                AddOf(process, names, held);
            }
        }

        return new LockSurvey(Join(table, held));
    }

    /// <summary>
    /// The locks on a file. If none has both device and inode, those with the inode alone count: btrfs and overlayfs show another device
    /// here than in stat.
    /// </summary>
    /// <param name="file">The file.</param>
    public IReadOnlyList<SurveyedLock> Of(FileStatus file)
    {
        SurveyedLock[] sameInode = [.. _locks.Where(each => each.Inode == file.Inode)];
        SurveyedLock[] exact = [.. sameInode.Where(each => each.Device == file.Device)];
        return exact.Length > 0 ? exact : sameInode;
    }

    /// <summary>The lines of /proc/locks (proc_locks(5)) that are flocks or locks of open files.</summary>
    internal static List<SurveyedLock> Parse(string text)
    {
        var locks = new List<SurveyedLock>();
        foreach (string line in text.Split('\n'))
        {
            if (TryParse(line) is { } found)
            {
                locks.Add(found);
            }
        }

        return locks;
    }

    /// <summary>Gives each lock of an open file the processes that were found to hold it; a lock without one keeps process 0.</summary>
    internal static List<SurveyedLock> Join(IReadOnlyList<SurveyedLock> table, IReadOnlyList<SurveyedLock> held)
    {
        var joined = new List<SurveyedLock>();
        foreach (IGrouping<SurveyedLock, SurveyedLock> same in table.GroupBy(static each => each with { ProcessId = 0 }))
        {
            if (!same.Key.IsOfOpenFile)
            {
                joined.AddRange(same);
                continue;
            }

            SurveyedLock[] found = [.. held.Where(each => each with { ProcessId = 0 } == same.Key)];
            joined.AddRange(found);
            joined.AddRange(same.Skip(found.Length)); // of processes that may not be looked at
        }

        return joined;
    }

    /// <summary>"3: FLOCK  ADVISORY  WRITE 4711 fe:00:131077 0 EOF"; a waiter has "->" in the second place.</summary>
    private static SurveyedLock? TryParse(string line)
    {
        string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        bool isWaiting = fields.Length > 1 && fields[1] == "->";
        string[] rest = fields[Math.Min(fields.Length, isWaiting ? 2 : 1)..];
        if (rest.Length < 6 || rest[0] is not ("FLOCK" or "OFDLCK")
            || !int.TryParse(rest[3], CultureInfo.InvariantCulture, out int process)
            || !LockTable.TryParseFile(rest[4], out ulong device, out ulong inode)
            || !long.TryParse(rest[5], NumberStyles.None, CultureInfo.InvariantCulture, out long start))
        {
            return null;
        }

        return new SurveyedLock(rest[0] == "OFDLCK", rest[2] == "WRITE", isWaiting, start, Math.Max(process, 0))
        {
            Device = device,
            Inode = inode,
        };
    }

    private static void AddOf(int process, string[] names, List<SurveyedLock> held)
    {
        string directory = $"/proc/{process.ToString(CultureInfo.InvariantCulture)}";
        foreach (string descriptor in EntriesOf(directory + "/fd"))
        {
            if (!names.Contains(PseudoFile.LinkTarget(descriptor), StringComparer.Ordinal))
            {
                continue;
            }

            foreach (string line in PseudoFile.Read($"{directory}/fdinfo/{Path.GetFileName(descriptor)}").Split('\n'))
            {
                if (line.StartsWith(LinePrefix, StringComparison.Ordinal)
                    && TryParse(line[LinePrefix.Length..].Trim()) is { IsOfOpenFile: true } found)
                {
                    held.Add(found with { ProcessId = process });
                }
            }
        }
    }

    private static IEnumerable<int> Processes()
    {
        foreach (string path in EntriesOf("/proc"))
        {
            if (int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out int process))
            {
                yield return process;
            }
        }
    }

    /// <summary>None of a process that has ended, or may not be looked at.</summary>
    private static string[] EntriesOf(string directory)
    {
        try
        {
            return Directory.GetFileSystemEntries(directory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}

/// <summary>One lock, held or waited for.</summary>
/// <param name="IsOfOpenFile">Whether it is a lock of bytes that belongs to an open file, and no flock.</param>
/// <param name="IsExclusive">Whether it excludes every other.</param>
/// <param name="IsWaiting">Whether it is waited for, not held.</param>
/// <param name="Start">The first byte that it covers.</param>
/// <param name="ProcessId">The process; 0 if it is not known.</param>
internal sealed record SurveyedLock(bool IsOfOpenFile, bool IsExclusive, bool IsWaiting, long Start, int ProcessId)
{
    public ulong Device { get; init; }

    public ulong Inode { get; init; }
}
