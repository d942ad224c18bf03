using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace Minirun.Tests.Support;

/// <summary>
/// A root of a daemon's own, with an image. What lies there or bears its name, in the kernel too, is removed when it is disposed.
/// </summary>
internal sealed class Ground : IAsyncDisposable
{
    private const string Netns = "/run/netns";
    private const string Cgroups = "/sys/fs/cgroup";

    private Ground(Paths paths) => Paths = paths;

    public Paths Paths { get; }

    public static Ground Make(string state)
    {
        var paths = new Paths(Path.Join(Path.GetTempPath(), $"minirun-test-{Guid.NewGuid().ToString("N")[..8]}-{state}"));
        foreach (string part in new[] { "bin", "dev", "proc" })
        {
            Directory.CreateDirectory(Path.Join(paths.Image, part));
        }

        File.Copy("/bin/busybox", Path.Join(paths.Image, "bin", "busybox"));
        foreach (string applet in new[] { "sh", "sleep" })
        {
            File.CreateSymbolicLink(Path.Join(paths.Image, "bin", applet), "busybox");
        }

        return new Ground(paths);
    }

    /// <summary>The namespaces that are there.</summary>
    public IReadOnlyList<string> NetNss() => Names(Netns, Paths.Name + "-*");

    /// <summary>The directories on which overlays are mounted.</summary>
    public IReadOnlyList<string> Mounts() =>
    [
        .. File.ReadLines("/proc/self/mounts").Select(static line => line.Split(' ')[1])
            .Where(at => at.StartsWith(Paths.Root + "/", StringComparison.Ordinal)),
    ];

    /// <summary>The cgroups of containers, by their names.</summary>
    public IReadOnlyList<string> ContainerCgroups() => CgroupNames(Paths.Name + "-*");

    /// <summary>The cgroup of the daemon.</summary>
    public IReadOnlyList<string> DaemonCgroups() => CgroupNames(Paths.Name);

    /// <summary>The containers' directories.</summary>
    public IReadOnlyList<string> Directories() => Names(Paths.Containers, "*");

    /// <summary>The containers that runc knows.</summary>
    public IReadOnlyList<string> RuncContainers() => Names(Paths.Runc, "*");

    public async ValueTask DisposeAsync()
    {
        await new Cgroup(Paths.Cgroup).WaitUntilEmptyAsync(); // commands that a killed daemon has started
        foreach (string id in RuncContainers())
        {
            await Shell.TryAsync("runc", "--root", Paths.Runc, "delete", "--force", id);
        }

        foreach (string mount in Mounts().Reverse())
        {
            await Shell.TryAsync("umount", "--lazy", mount);
        }

        foreach (string name in NetNss())
        {
            await Shell.TryAsync("ip", "netns", "delete", name);
        }

        foreach (string directory in CgroupDirectories(Paths.Name + "*"))
        {
            await Shell.TryAsync("rmdir", directory);
        }

        Directory.Delete(Paths.Root, recursive: true);
    }

    private static IReadOnlyList<string> Names(string directory, string pattern) => Directory.Exists(directory)
        ? [.. Directory.GetFileSystemEntries(directory, pattern).Select(static path => Path.GetFileName(path))] : [];

    private static IReadOnlyList<string> CgroupNames(string pattern) =>
        [.. CgroupDirectories(pattern).Select(static path => Path.GetFileName(path)).Distinct()];

    private static IEnumerable<string> CgroupDirectories(string pattern) =>
        Directory.GetDirectories(Cgroups).Append(Cgroups).SelectMany(mount => Directory.GetDirectories(mount, pattern));
}
