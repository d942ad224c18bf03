using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>States of sandbox, container and hypervisor.</summary>
internal static class StateConversion
{
    public static State OfSandbox(PersistSandbox sandbox, IReadOnlyDictionary<string, PersistContainer> containers)
    {
        PersistSandbox alone =
            sandbox with { Devices = null, HypervisorState = new(), AgentState = new(), Network = new(), Config = new() };
        return Reread.As<PersistSandbox, State>(
            alone, "GuestMemoryBlockSizeMB", "Devices", "HypervisorState", "AgentState", "Network", "Config") with
        {
            GuestMemoryBlockSize = sandbox.GuestMemoryBlockSize,
            BlockIndex = NextBlockIndex(sandbox),
            Pid = containers.TryGetValue(sandbox.SandboxContainer, out PersistContainer? own) ? own.Process.Pid : 0,
        };
    }

    public static State OfContainer(PersistContainer container)
    {
        PersistContainer alone = container with { Rootfs = new(), DeviceMaps = null, Mounts = null, Process = new() };
        State state = Reread.As<PersistContainer, State>(alone, "Rootfs", "DeviceMaps", "Mounts", "Process");
        State root = Reread.As<PersistRootfs, State>(container.Rootfs);
        return state with { BlockDeviceId = root.BlockDeviceId, FsType = root.FsType, Unknown = Reread.Merge(state.Unknown, root.Unknown) };
    }

    public static QemuState OfQemu(PersistHypervisorState state) =>
        Reread.As<PersistHypervisorState, QemuState>(state with { Bridges = null }) with
        {
            Bridges = Reread.Each<PersistBridge, Bridge>(state.Bridges, ToSeed),
        };

    public static FirecrackerState OfFirecracker(PersistHypervisorState state) =>
        Reread.As<PersistHypervisorState, FirecrackerState>(state);

    private static Bridge ToSeed(PersistBridge bridge) =>
        Reread.As<PersistBridge, Bridge>(bridge, "DeviceAddr") with { Address = bridge.DeviceAddresses };

    /// <summary>
    /// One more than the highest index in use, also by a device that the map does not have. The seed only counts up: a gap below would be
    /// handed out and then the used index above it. At the end of the numbers it stays there instead of turning negative.
    /// </summary>
    private static long NextBlockIndex(PersistSandbox sandbox)
    {
        IEnumerable<PersistDevice> devices = sandbox.Devices?.OfType<PersistDevice>() ?? [];
        long highest = (sandbox.HypervisorState.BlockIndexMap?.Keys ?? [])
            .Concat(devices.Select(static device => device.BlockDrive?.Index ?? -1))
            .Concat(devices.Select(static device => device.VhostUserDevice?.Index ?? -1))
            .DefaultIfEmpty(-1)
            .Max();
        return highest == long.MaxValue ? highest : Math.Max(highest + 1, 0);
    }
}
