using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

namespace Minirun.Tests.Support;

/// <summary>What a daemon's state and the kernel disagree about, and what is there when all that the daemon knows is deleted.</summary>
internal sealed record Remains(
    int ContainersWithoutState, int StateWithoutContainer, int NetNss, int Mounts, int Cgroups, int Directories)
{
    public static Remains None { get; } = new(0, 0, 0, 0, 0, 0);

    /// <summary>The rows of the table in docs/minirun.md.</summary>
    public static string TableOf(Remains json, Remains safeStore) => $"""

        | containers without state | {json.ContainersWithoutState} | {safeStore.ContainersWithoutState} |
        | state without container | {json.StateWithoutContainer} | {safeStore.StateWithoutContainer} |
        | network namespaces | {json.NetNss} | {safeStore.NetNss} |
        | mounts | {json.Mounts} | {safeStore.Mounts} |
        | cgroups | {json.Cgroups} | {safeStore.Cgroups} |
        | directories | {json.Directories} | {safeStore.Directories} |
        """;

    /// <summary>Asks a daemon that has just started what it knows, compares, and lets it delete all.</summary>
    public static async Task<Remains> CountAsync(Ground ground, DaemonProcess daemon)
    {
        IReadOnlyList<Container> known = (await daemon.AskAsync("list")).Containers!;
        string[] running = [.. known.Where(static each => each.Status == Status.Running).Select(static each => each.Id)];
        IReadOnlyList<string> actual = ground.RuncContainers();
        int withoutContainer = known.Count(each =>
            !ground.Directories().Contains(each.Id) || !ground.NetNss().Contains(ground.Paths.NetNsOf(each.Id))
            || !ground.Mounts().Contains(ground.Paths.RootFsOf(each.Id)) || (running.Contains(each.Id) && !actual.Contains(each.Id)));
        foreach (Container each in known)
        {
            await daemon.AskAsync("stop", each.Id);
            await daemon.AskAsync("delete", each.Id); // one that fails leaves what is counted
        }

        return new Remains(
            actual.Except(running).Count(), withoutContainer, ground.NetNss().Count, ground.Mounts().Count,
            ground.ContainerCgroups().Count, ground.Directories().Count);
    }
}
