using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace SafeStore.CrashTests.Faults;

/// <summary>
/// The one place that knows what a store's metadata files are called. Where a name has changed with format 2, the new one is tried first.
/// </summary>
internal static class Metadata
{
    /// <summary>Excludes processes while the log is opened and recovered.</summary>
    public static string Anchor(StoreLayout layout) => First(layout.ConfigMetadata, "open.lock", "store.json");

    /// <summary>Excludes processes while a record is appended.</summary>
    public static string LogLock(StoreLayout layout) => First(layout.ConfigMetadata, "log.lock", "store.json");

    /// <summary>The numbers that processes share.</summary>
    public static string Words(StoreLayout layout) => First(layout.RunMetadata, "words");

    public static string Log(StoreLayout layout) => Path.Combine(layout.ConfigMetadata, "log");

    /// <summary>The segments that have a name, the newest last.</summary>
    public static string[] Segments(StoreLayout layout) =>
    [
        .. Directory.GetFiles(Log(layout), "*.log").Where(
            static path => !Path.GetFileName(path).StartsWith("spare", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    public static string Segment(StoreLayout layout) => Segments(layout)[^1];

    public static long LogBytes(StoreLayout layout) => Directory.GetFiles(Log(layout)).Sum(static path => new FileInfo(path).Length);

    public static string RootFile(StoreLayout layout, StoreRoot root) => Path.Combine(Of(layout, root), "root.json");

    public static string Of(StoreLayout layout, StoreRoot root) => root == StoreRoot.Config ? layout.ConfigMetadata : layout.RunMetadata;

    public static string SandboxLock(StoreLayout layout, string sandbox) => Path.Combine(layout.Run, sandbox, "lock");

    /// <summary>Where a root keeps what is being made or emptied; with the old layout there are two such directories.</summary>
    public static string[] Scratches(StoreLayout layout, StoreRoot root)
    {
        string scratch = Path.Combine(Of(layout, root), "scratch");
        return Directory.Exists(scratch) ? [scratch] : [Path.Combine(Of(layout, root), "stage"), Path.Combine(Of(layout, root), "trash")];
    }

    /// <summary>What recovery has set aside of a sandbox, from both roots.</summary>
    public static IEnumerable<string> Overruled(StoreLayout layout, string sandbox) => new[] { layout.ConfigMetadata, layout.RunMetadata }
        .Select(metadata => Path.Combine(metadata, "overruled", sandbox))
        .Where(Directory.Exists)
        .SelectMany(static directory => Directory.GetFiles(directory, "*", SearchOption.AllDirectories));

    private static string First(string directory, params string[] names) =>
        names.Select(name => Path.Combine(directory, name)).FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException($"'{directory}' has none of {string.Join(", ", names)}.");
}
