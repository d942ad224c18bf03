using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace SafeStore.FileSystem;

/// <summary>Reads the kernel's table of mounts, /proc/self/mountinfo (proc_pid_mountinfo(5)).</summary>
internal static class MountInfo
{
    /// <summary>The kind of filesystem on a device, "ext4" for instance; empty if the table does not have it.</summary>
    internal static string KindOf(string text, ulong device)
    {
        string numbers = PosixStatus.NumbersOf(device);
        foreach (string line in text.Split('\n'))
        {
            // "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw": between options and dash there are any number of fields.
            string[] fields = line.Split(' ');
            int dash = Array.IndexOf(fields, "-");
            if (dash > 0 && dash + 1 < fields.Length && fields[2] == numbers)
            {
                return fields[dash + 1];
            }
        }

        return "";
    }

    /// <summary>A mount by its id; null if the table does not have it.</summary>
    internal static MountEntry? Find(string text, ulong mountId)
    {
        string id = mountId.ToString(CultureInfo.InvariantCulture);
        return All(text).FirstOrDefault(found => found.Id == id).Entry;
    }

    /// <summary>Where something is mounted below a directory.</summary>
    /// <param name="text">The table.</param>
    /// <param name="path">The directory's path, without links.</param>
    internal static IReadOnlyList<string> PointsBelow(string text, string path) =>
        [.. All(text).Select(static found => found.Entry.Point)
            .Where(point => point.StartsWith(path.TrimEnd('/') + "/", StringComparison.Ordinal) && point != path)];

    private static IEnumerable<(string Id, MountEntry Entry)> All(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            string[] fields = line.Split(' ');
            int dash = Array.IndexOf(fields, "-");
            if (dash > 5 && dash + 3 < fields.Length)
            {
                yield return (fields[0], new MountEntry(Unescape(fields[4]), fields[dash + 1], Unescape(fields[dash + 2]), fields[5])
                {
                    FilesystemOptions = fields[dash + 3],
                });
            }
        }
    }

    /// <summary>Blanks and backslashes stand in octal there, "\040" for instance.</summary>
    private static string Unescape(string field) => field.Replace("\\040", " ", StringComparison.Ordinal)
        .Replace("\\011", "\t", StringComparison.Ordinal).Replace("\\012", "\n", StringComparison.Ordinal)
        .Replace("\\134", "\\", StringComparison.Ordinal);
}

/// <summary>What the table tells of a mount.</summary>
/// <param name="Point">Where it is mounted.</param>
/// <param name="Kind">The kind of filesystem.</param>
/// <param name="Source">The device, or what stands for it.</param>
/// <param name="Options">The mount's options.</param>
internal sealed record MountEntry(string Point, string Kind, string Source, string Options)
{
    /// <summary>The filesystem's own options, which all its mounts share.</summary>
    public string FilesystemOptions { get; init; } = "";
}
