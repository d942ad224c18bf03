using System;
using System.IO;
using System.Threading.Tasks;

namespace Minirun;

/// <summary>The kinds of side effects.</summary>
internal static class Effect
{
    public const string Directory = "directory";
    public const string NetNs = "netns";
    public const string Overlay = "overlay";
    public const string Process = "process";

    public static readonly string[] All = [Directory, NetNs, Overlay, Process];
}

/// <summary>
/// The side effects, each with what undoes it. To undo is to bring about that it is not there: it may be there, half there, or not.
/// </summary>
internal sealed class Host(Paths paths)
{
    public async Task UndoAsync(string effect, string target)
    {
        await Console.Error.WriteLineAsync($"undo {effect} {target}");
        await (effect switch
        {
            Effect.Directory => RemoveDirectoryAsync(target),
            Effect.NetNs => RemoveNetNsAsync(target),
            Effect.Overlay => UnmountOverlayAsync(target),
            Effect.Process => RemoveProcessAsync(target),
            _ => throw new MinirunException($"There is no side effect '{effect}'."),
        });
    }

    /// <summary>The container's directory: its layer, its log, and what runc is to do.</summary>
    public async Task MakeDirectoryAsync(Container container)
    {
        string directory = paths.DirectoryOf(container.Id);
        foreach (string part in new[] { "upper", "work", "rootfs" })
        {
            Directory.CreateDirectory(Path.Join(directory, part));
        }

        await File.WriteAllTextAsync(paths.LogOf(container.Id), "");
        await File.WriteAllTextAsync(Path.Join(directory, "config.json"), Bundle.ConfigOf(container, paths));
    }

    public static Task RemoveDirectoryAsync(string directory) =>
        Directory.Exists(directory) ? Task.Run(() => Directory.Delete(directory, recursive: true)) : Task.CompletedTask;

    public Task AddNetNsAsync(string id) => Command.RunAsync("ip", "netns", "add", paths.NetNsOf(id));

    public static Task RemoveNetNsAsync(string name) =>
        File.Exists($"/run/netns/{name}") ? Command.RunAsync("ip", "netns", "delete", name) : Task.CompletedTask;

    public Task MountOverlayAsync(string id)
    {
        string directory = paths.DirectoryOf(id);
        string layers = $"lowerdir={paths.Image},upperdir={directory}/upper,workdir={directory}/work";
        return Command.RunAsync("mount", "-t", "overlay", "-o", layers, paths.Name, paths.RootFsOf(id));
    }

    public static async Task UnmountOverlayAsync(string directory)
    {
        if ((await File.ReadAllTextAsync("/proc/self/mounts")).Contains($" {directory} overlay ", StringComparison.Ordinal))
        {
            await Command.RunAsync("umount", directory);
        }
    }

    /// <summary>Makes the cgroup and starts the process; what it prints goes to the log, and what runc says too.</summary>
    public async Task RunAsync(string id)
    {
        try
        {
            await Command.RunAsync(
                "sh", "-c", """log=$1; shift; exec "$@" </dev/null >>"$log" 2>&1""", "sh", paths.LogOf(id),
                "runc", "--root", paths.Runc, "run", "--detach", "--bundle", paths.DirectoryOf(id), id);
        }
        catch (MinirunException failure)
        {
            throw new MinirunException($"{failure.Message} The log of '{id}' says why.");
        }
    }

    public async Task RemoveProcessAsync(string id)
    {
        await Command.RunAsync("runc", "--root", paths.Runc, "delete", "--force", id);
        new Cgroup(paths.CgroupOf(id)).Remove(); // of a runc that was killed before it had a record
    }

    /// <summary>Process ids are used again; a cgroup's name is not, while its container exists.</summary>
    public bool IsAlive(string id) => !new Cgroup(paths.CgroupOf(id)).IsEmpty;
}
