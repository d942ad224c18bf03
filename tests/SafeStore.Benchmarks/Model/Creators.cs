using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Sandboxes;

namespace SafeStore.Benchmarks.Model;

/// <summary>One way to create a sandbox with its documents and containers.</summary>
internal interface ICreator : IAsyncDisposable
{
    string Name { get; }

    /// <summary>So slow that an eighth of the creations says enough.</summary>
    bool IsSlow { get; }

    /// <summary>Whether a sandbox has survived a power cut once it is created.</summary>
    bool IsDurable => true;

    Task OpenAsync();

    ValueTask CreateAsync(NewSandbox sandbox);
}

/// <summary>SafeStore: one commit.</summary>
internal sealed class StoreCreator(string place) : ICreator
{
    private SandboxStore? _store;

    public string Name => "SafeStore, one commit";

    public bool IsSlow => false;

    public async Task OpenAsync() => _store = await SandboxStore.OpenAsync(StoreLayout.At(place));

    public async ValueTask CreateAsync(NewSandbox sandbox) => await _store!.CreateAsync(sandbox);

    public ValueTask DisposeAsync() => _store?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>The same files without any care: a crash leaves some of them, torn or empty.</summary>
internal sealed class BareCreator(string place) : ICreator
{
    public const string Files = "bare files, no sync";

    public string Name => Files;

    public bool IsDurable => false;

    public bool IsSlow => false;

    public Task OpenAsync() => Task.CompletedTask;

    public ValueTask CreateAsync(NewSandbox sandbox)
    {
        Create(sandbox);
        return ValueTask.CompletedTask;
    }

    private void Create(NewSandbox sandbox)
    {
        SandboxFiles.MakeDirectories(place, sandbox);
        foreach ((string path, byte[] json) in SandboxFiles.Of(sandbox))
        {
            File.WriteAllBytes(Path.Join(place, path), json);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>
/// The same files, each durable for itself; a crash leaves some of them, whole. The directories' own names are not synced.
/// </summary>
internal sealed class SafeWriteCreator(string place) : ICreator
{
    private readonly AtomicFile _atomic = new(new PosixFileSystem());

    public string Name => "temp + fsync + rename + fsync(dir), each file";

    public bool IsSlow => true;

    public Task OpenAsync() => Task.CompletedTask;

    public ValueTask CreateAsync(NewSandbox sandbox)
    {
        SandboxFiles.MakeDirectories(place, sandbox);
        foreach ((string path, byte[] json) in SandboxFiles.Of(sandbox))
        {
            _atomic.Write(Path.Join(place, path), json);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>A sandbox as plain files in two roots, written by System.Text.Json.</summary>
internal static class SandboxFiles
{
    private static readonly SandboxModel s_model = SandboxModel.Default;

    public static void MakeDirectories(string place, NewSandbox sandbox)
    {
        foreach (string root in new[] { "config", "run" })
        {
            Directory.CreateDirectory(Path.Join(place, root, sandbox.Id));
            foreach (NewContainer container in sandbox.Containers)
            {
                Directory.CreateDirectory(Path.Join(place, root, sandbox.Id, container.Id));
            }
        }
    }

    public static IEnumerable<(string Path, byte[] Json)> Of(NewSandbox sandbox) => new[]
    {
        Of(sandbox.Id, s_model.SandboxConfig, sandbox.Config),
        Of(sandbox.Id, s_model.SandboxState, sandbox.State),
        Of(sandbox.Id, s_model.Network, sandbox.Network),
        Of(sandbox.Id, s_model.Devices, sandbox.Devices),
        Of(sandbox.Id, s_model.Qemu, sandbox.Qemu),
        Of(sandbox.Id, s_model.Agent, sandbox.Agent),
    }.Concat(sandbox.Containers.SelectMany(container => Of($"{sandbox.Id}/{container.Id}", container))).OfType<(string, byte[])>();

    private static IEnumerable<(string Path, byte[] Json)?> Of(string directory, NewContainer container) =>
    [
        Of(directory, s_model.ContainerConfig, container.Config),
        Of(directory, s_model.ContainerState, container.State),
        Of(directory, s_model.Process, container.Process),
        Of(directory, s_model.Mounts, container.Mounts),
        Of(directory, s_model.ContainerDevices, container.Devices),
    ];

    private static (string Path, byte[] Json)? Of<T>(string directory, DocumentKind<T> kind, T? value)
        where T : class => value is null ? null : (PathOf(directory, kind), JsonSerializer.SerializeToUtf8Bytes(value, kind.Json));

    public static string PathOf(string directory, DocumentKind kind) =>
        $"{(kind.Root == StoreRoot.Config ? "config" : "run")}/{directory}/{kind.File}";
}
