using System;
using System.Collections.Generic;
using System.IO;

namespace SafeStore.Sandboxes.Tests.Cases;

/// <summary>
/// All names, modes and contents of a store's roots, and what is left in their stage and trash. What a lock file says is the engine's
/// matter.
/// </summary>
internal static class Tree
{
    public static SortedDictionary<string, string> Of(StoreLayout layout)
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string directory in new[] { layout.Config, layout.Run, layout.ConfigMetadata + "/new", layout.RunMetadata + "/new" })
        {
            Add(new DirectoryInfo(directory), all);
        }

        return all;
    }

    private static void Add(DirectoryInfo directory, SortedDictionary<string, string> all)
    {
        all[directory.FullName + "/"] = Mode(directory);
        foreach (FileSystemInfo entry in directory.EnumerateFileSystemInfos())
        {
            if (entry.LinkTarget is { } target)
            {
                all[entry.FullName] = "-> " + target;
            }
            else if (entry is DirectoryInfo inner)
            {
                Add(inner, all);
            }
            else
            {
                all[entry.FullName] = Mode(entry) + (entry.Name == "lock" ? "" : " " + Convert.ToHexString(ReadAll(entry.FullName)));
            }
        }
    }

    private static string Mode(FileSystemInfo entry) => Convert.ToString((int)entry.UnixFileMode, 8);

    /// <summary>Shared with everybody: .NET takes no flock then, which a held lock would refuse.</summary>
    private static byte[] ReadAll(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}
