using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace SafeStore.Benchmarks.Running;

/// <summary>What the kernel counts for the block device on which a directory lies.</summary>
internal sealed class BlockDevice
{
    private const int SectorBytes = 512;

    private readonly string _statistics;

    private BlockDevice(string statistics) => _statistics = statistics;

    /// <summary>The device of a directory's mount; null if it has none, as on tmpfs.</summary>
    public static BlockDevice? Of(string directory)
    {
        string path = Path.GetFullPath(directory) + '/';
        // "36 25 7:0 / /mnt rw ...": the mount with the longest path that leads to the directory.
        string[]? mount = File.ReadLines("/proc/self/mountinfo")
            .Select(static line => line.Split(' '))
            .Where(fields => path.StartsWith(fields[4].TrimEnd('/') + '/', StringComparison.Ordinal))
            .MaxBy(static fields => fields[4].Length);
        string statistics = $"/sys/dev/block/{mount?[2]}/stat";
        return File.Exists(statistics) ? new BlockDevice(statistics) : null;
    }

    /// <summary>Bytes written and caches flushed so far, after everything was written back.</summary>
    public async Task<(long Bytes, long Flushes)> ReadAsync(string directory)
    {
        using Process sync = Process.Start("sync", ["-f", directory]);
        await sync.WaitForExitAsync();
        IReadOnlyList<string> fields =
            (await File.ReadAllTextAsync(_statistics)).Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return (Number(fields, 6) * SectorBytes, Number(fields, 15));
    }

    private static long Number(IReadOnlyList<string> fields, int index) =>
        index < fields.Count ? long.Parse(fields[index], CultureInfo.InvariantCulture) : 0;
}
