using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Support;

/// <summary>Documents that a runtime would store.</summary>
internal static class Samples
{
    public static State Ready { get; } = new()
    {
        Lifecycle = Lifecycle.Ready,
        BlockDeviceId = "rootfs",
        BlockIndex = 3,
        FsType = "ext4",
        Pid = 4711,
        GuestMemoryBlockSize = 128,
    };

    public static NetworkNamespace Network { get; } =
        new() { NetNsPath = "/var/run/netns/cni", NetNsCreated = true, Endpoints = [new VethEndpoint { PciAddress = "02/01" }] };

    public static QemuState Qemu { get; } = new() { Uuid = "f81d4fae", HotpluggedMemory = 512 };

    public static AgentState Agent { get; } = new() { ProxyPid = 12, Url = "unix:///run/vc/sock" };

    public static IReadOnlyList<Device> Devices { get; } =
        [new BlockDevice { Id = "d1", BlockDrive = new BlockDrive { File = "/dev/sdb" } }, new GenericDevice { Id = "d2" }];

    public static ContainerProcess Process { get; } = new() { Token = "web", Pid = 99 };

    public static IReadOnlyList<Mount> Mounts { get; } =
        [new Mount { Source = "/src", Destination = "/dst", Type = "bind", ReadOnly = true }];

    public static IReadOnlyList<ContainerDevice> ContainerDevices { get; } = [new ContainerDevice { Id = "d1", ContainerPath = "/dev/x" }];

    /// <summary>A sandbox with every document, and two containers, one of them with the sandbox's own id.</summary>
    public static NewSandbox Sandbox(string id) => new(id)
    {
        Config = TestSandboxes.ConfigOf(id),
        State = Ready,
        Network = Network,
        Devices = Devices,
        Qemu = Qemu,
        Agent = Agent,
        Containers = [Container(id), Container("web")],
    };

    public static NewContainer Container(string id) => new(id)
    {
        Config = new ContainerConfig { Id = id, RootFs = "/rootfs" },
        State = Ready,
        Process = Process,
        Mounts = Mounts,
        Devices = ContainerDevices,
    };

    public static TEnum[] AllOf<TEnum>()
        where TEnum : struct, Enum => Enum.GetValues<TEnum>();

    public static void AssertSame<T>(DocumentKind<T> kind, T expected, T? actual) =>
        Assert.True(SandboxModel.AreEqual(kind, expected, actual), JsonSerializer.Serialize(actual!, kind.Json));

    /// <summary>Every file with its content and every directory of the sandboxes, as relative paths; not the locks' words.</summary>
    public static SortedDictionary<string, string> Tree(StoreLayout layout)
    {
        var tree = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, string root) in new[] { ("config", layout.Config), ("run", layout.Run) })
        {
            foreach (string path in Directory.EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories))
            {
                string content = Directory.Exists(path) ? "directory" : Path.GetFileName(path) == "lock" ? "lock" : File.ReadAllText(path);
                tree[$"{name}/{Path.GetRelativePath(root, path)}"] = content;
            }
        }

        return tree;
    }

    public static IEnumerable<string> Files(StoreLayout layout) =>
        Tree(layout).Where(static entry => entry.Value != "directory").Select(static entry => entry.Key);
}
