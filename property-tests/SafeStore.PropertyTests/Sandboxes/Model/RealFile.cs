using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Serialization.Metadata;
using SafeStore.Kata;
using SafeStore.Sandboxes;

namespace SafeStore.PropertyTests.Sandboxes.Model;

/// <summary>A file that the real Kata code has written, and the kind of document that it is.</summary>
internal abstract record RealFile(string Name, byte[] Json)
{
    public const string Sandbox = "sb";
    public const string Container = "c";

    public static RealFile[] All { get; } =
        [.. FilesIn("kata"), .. FilesIn("kata-persist/run-vc")];

    public abstract DocumentKind Kind { get; }

    public abstract JsonTypeInfo Type { get; }

    /// <summary>Reads what stands in this file's place in a store; null if nothing does.</summary>
    public abstract object? ReadFrom(StateStore store);

    private static IEnumerable<RealFile> FilesIn(string tree)
    {
        string root = Path.Combine(AppContext.BaseDirectory, tree);
        return Directory.EnumerateFiles(root, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(path => Of(Path.GetRelativePath(root, path), File.ReadAllBytes(path)));
    }

    private static RealFile Of(string name, byte[] json)
    {
        SandboxModel model = ModelTypes.Model;
        bool ofContainer = name.Split('/').Length == 4;
        return (Path.GetFileName(name), ofContainer) switch
        {
            ("config.json", false) => Of(name, json, model.SandboxConfig),
            ("config.json", true) => Of(name, json, model.ContainerConfig),
            ("state.json", false) => Of(name, json, model.SandboxState),
            ("state.json", true) => Of(name, json, model.ContainerState),
            ("network.json", false) => Of(name, json, model.Network),
            ("hypervisor.json", false) =>
            json.AsSpan().IndexOf("\"PID\""u8) < 0 ? Of(name, json, model.Qemu) : Of(name, json, model.Firecracker),
            ("agent.json", false) => Of(name, json, model.Agent),
            ("process.json", true) => Of(name, json, model.Process),
            ("mounts.json", true) => Of(name, json, model.Mounts),
            ("devices.json", false) => Of(name, json, model.Devices),
            ("devices.json", true) => Of(name, json, model.ContainerDevices),
            ("persist.json", false) => Of(name, json, PersistDocuments.Sandbox),
            ("persist.json", true) => Of(name, json, PersistDocuments.Container),
            _ => throw new InvalidDataException(name),
        };
    }

    private static Typed<T> Of<T>(string name, byte[] json, DocumentKind<T> kind) => new(name, json, kind);

    private sealed record Typed<T>(string Name, byte[] Json, DocumentKind<T> Document) : RealFile(Name, Json)
    {
        public override DocumentKind Kind => Document;

        public override JsonTypeInfo Type => Document.Json;

        public override object? ReadFrom(StateStore store) =>
            Document.Scope == DocumentScope.Sandbox ? store.Read(Sandbox, Document) : store.Read(Sandbox, Container, Document);
    }
}
