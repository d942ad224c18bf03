using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests;

/// <summary>All names, kinds, modes and contents of a store's directories at one moment.</summary>
internal static partial class TreeSnapshot
{
    private const int AttemptsMax = 50;

    /// <summary>
    /// Everything but the bytes of the log, the words file and the scratch directories of open stores, which belong to the store and not to
    /// a transaction.
    /// </summary>
    /// <param name="layout">The store.</param>
    /// <param name="isAtRest">Whether nobody makes a spare segment meanwhile: then none is half made.</param>
    public static SortedDictionary<string, string> OfStore(StoreLayout layout, bool isAtRest = true)
    {
        SortedDictionary<string, string> all = OfAll(layout, isAtRest ? 1 : AttemptsMax);
        foreach (string path in all.Keys.ToList())
        {
            if (path == layout.RunMetadata + "/words")
            {
                all[path] = "";
            }
            else if (ScratchDirectory().IsMatch(path))
            {
                all.Remove(path); // an empty one stays for the next opener
            }
            else if (path.StartsWith(layout.ConfigMetadata + "/log/", StringComparison.Ordinal))
            {
                all.Remove(path);
                Assert.False(isAtRest && path.Contains("prepare-", StringComparison.Ordinal), path);
            }
        }

        return all;
    }

    /// <summary>A file that is renamed between its listing and its reading makes a snapshot of no moment; it is taken anew.</summary>
    private static SortedDictionary<string, string> OfAll(StoreLayout layout, int attempts)
    {
        while (true)
        {
            try
            {
                return Of(layout.Config, layout.Run, layout.ConfigMetadata, layout.RunMetadata);
            }
            catch (FileNotFoundException) when (--attempts > 0)
            {
                continue;
            }
        }
    }

    /// <summary>The documents and directories of both roots, without metadata and lock words.</summary>
    public static SortedDictionary<string, string> OfDocuments(StoreLayout layout)
    {
        SortedDictionary<string, string> all = Of(layout.Config, layout.Run);
        foreach (string path in all.Keys.ToList())
        {
            if (path.Contains("/.safestore", StringComparison.Ordinal))
            {
                all.Remove(path);
            }
            else if (Path.GetFileName(path) == "lock")
            {
                all[path] = "";
            }
        }

        return all;
    }

    /// <summary>Everything below some directories, byte by byte.</summary>
    public static SortedDictionary<string, string> Of(params string[] directories)
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string directory in directories.Where(Directory.Exists))
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
                all[entry.FullName] = Mode(entry) + " " + Convert.ToHexString(ReadAll(entry.FullName));
            }
        }
    }

    [GeneratedRegex("/scratch/[0-9a-f]{16}/$", RegexOptions.CultureInvariant)]
    private static partial Regex ScratchDirectory();

    private static string Mode(FileSystemInfo entry) => Convert.ToString((int)entry.UnixFileMode, 8);

    /// <summary>Without the flock that .NET takes, which a lock held by the test would refuse.</summary>
    private static byte[] ReadAll(string path)
    {
        var fileSystem = new PosixFileSystem();
        Assert.Equal(Errno.None, fileSystem.OpenRoot(Path.GetDirectoryName(path)!, out DirectoryHandle? directory));
        using (directory)
        {
            Errno errno = WholeFile.Read(
                fileSystem, directory!, Path.GetFileName(path), 256 * 1024 * 1024, out byte[] rented, out int length);
            if (errno != Errno.None)
            {
                return [(byte)errno]; // a pipe
            }

            byte[] bytes = rented.AsSpan(0, length).ToArray();
            System.Buffers.ArrayPool<byte>.Shared.Return(rented);
            return bytes;
        }
    }
}
