using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using SafeStore.Sandboxes;

namespace SafeStore.Benchmarks.Model;

/// <summary>A document that the real Kata code has written, the largest of its kind, and what is timed with it.</summary>
internal sealed record Sample(string Name, int Length, Action Write, Action Read, Action Parse);

/// <summary>The samples, and a whole sandbox made of them.</summary>
internal static class Samples
{
    private static readonly SandboxModel s_model = SandboxModel.Default;

    public static IEnumerable<Sample> All() =>
    [
        Of("config.json of a sandbox", s_model.SandboxConfig),
        Of("config.json of a container", s_model.ContainerConfig),
        Of("state.json of a sandbox", s_model.SandboxState),
        Of("state.json of a container", s_model.ContainerState),
        Of("network.json", s_model.Network),
        Of("hypervisor.json of qemu", s_model.Qemu, "Bridges"),
        Of("hypervisor.json of firecracker", s_model.Firecracker, "PID"),
        Of("agent.json", s_model.Agent),
        Of("process.json", s_model.Process),
        Of("mounts.json", s_model.Mounts),
        Of("devices.json of a sandbox", s_model.Devices),
        Of("devices.json of a container", s_model.ContainerDevices),
    ];

    /// <summary>A sandbox with all of its six documents, and three containers with all of their five.</summary>
    public static NewSandbox Complete(string id) => new(id)
    {
        Config = Config(id),
        State = Value(s_model.SandboxState),
        Network = Value(s_model.Network),
        Devices = Value(s_model.Devices),
        Qemu = Value(s_model.Qemu, "Bridges"),
        Agent = Value(s_model.Agent),
        Containers =
        [
            .. Containers().Select(static container => container with
            {
                State = Value(s_model.ContainerState),
                Process = Value(s_model.Process),
                Mounts = Value(s_model.Mounts),
                Devices = Value(s_model.ContainerDevices),
            }),
        ],
    };

    /// <summary>A sandbox with configuration, state and network, and three containers with only their configurations.</summary>
    public static NewSandbox Small(string id) => Loaded(id) with { Containers = [.. Containers()] };

    /// <summary>A sandbox with configuration, state and network, without containers.</summary>
    public static NewSandbox Loaded(string id) =>
        new(id) { Config = Config(id), State = Value(s_model.SandboxState), Network = Value(s_model.Network) };

    private static SandboxConfig Config(string id) => Value(s_model.SandboxConfig) with { Id = id };

    private static IEnumerable<NewContainer> Containers() =>
        Enumerable.Range(0, 3)
            .Select(static i => new NewContainer($"c{i}") { Config = Value(s_model.ContainerConfig) with { Id = $"c{i}" } });

    private static Sample Of<T>(string name, DocumentKind<T> kind, string holds = "")
        where T : class
    {
        byte[] json = Largest(kind, holds);
        T value = JsonSerializer.Deserialize(json, kind.Json)!;
        return new Sample(
            name,
            json.Length,
            () => JsonSerializer.SerializeToUtf8Bytes(value, kind.Json),
            () => JsonSerializer.Deserialize(json, kind.Json),
            () => JsonDocument.Parse(json).Dispose());
    }

    private static T Value<T>(DocumentKind<T> kind, string holds = "")
        where T : class => Cache<T>.Of(kind, holds);

    private static byte[] Largest(DocumentKind kind, string holds)
    {
        string root = Path.Join(AppContext.BaseDirectory, "kata", kind.Root == StoreRoot.Config ? "config" : "run");
        int depth = kind.Scope == DocumentScope.Sandbox ? 2 : 3;
        return Directory.EnumerateFiles(root, kind.File, SearchOption.AllDirectories)
            .Where(path => Path.GetRelativePath(root, path).Split('/').Length == depth)
            .Select(File.ReadAllBytes)
            .Where(json => json.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(holds)) >= 0)
            .MaxBy(static json => json.Length) ?? throw new FileNotFoundException(kind.File);
    }

    /// <summary>Values are read once: making a sandbox is not what is timed.</summary>
    private static class Cache<T>
        where T : class
    {
        private static readonly Dictionary<DocumentKind<T>, T> s_values = [];

        public static T Of(DocumentKind<T> kind, string holds)
        {
            if (!s_values.TryGetValue(kind, out T? value))
            {
                s_values[kind] = value = JsonSerializer.Deserialize(Largest(kind, holds), kind.Json)!;
            }

            return value;
        }
    }
}
