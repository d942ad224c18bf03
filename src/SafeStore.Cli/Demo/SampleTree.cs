using System;
using System.Collections.Generic;
using System.IO.Abstractions;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Sandboxes;

namespace SafeStore.Cli.Demo;

/// <summary>
/// Sandbox trees of a container runtime as plain files, as that runtime wrote them: a config and a run root below one directory.
/// </summary>
internal sealed class SampleTree(IFileSystem files, string samples)
{
    private static readonly SandboxModel s_model = SandboxModel.Default;

    /// <summary>The real trees that lie beside the tool.</summary>
    public static SampleTree BesideTheTool(IFileSystem files) =>
        new(files, files.Path.Combine(AppContext.BaseDirectory, "samples", "kata"));

    /// <summary>Reads each sandbox of the samples and creates it in a store, complete, in one transaction.</summary>
    /// <returns>The sandboxes' ids.</returns>
    public async Task<IReadOnlyList<string>> LoadAsync(SandboxStore store)
    {
        if (!files.Directory.Exists(samples))
        {
            throw new CommandException($"The sample trees are missing: '{samples}' does not exist. Install or build the tool again.");
        }

        string[] sandboxes = [.. NamesIn(files.Path.Combine(samples, "run"))];
        foreach (string sandbox in sandboxes)
        {
            await store.CreateAsync(ReadSandbox(sandbox));
        }

        return sandboxes;
    }

    private NewSandbox ReadSandbox(string sandbox)
    {
        SandboxConfig? config = Read(sandbox, s_model.SandboxConfig);
        return new NewSandbox(sandbox)
        {
            Config = config,
            State = Read(sandbox, s_model.SandboxState),
            Network = Read(sandbox, s_model.Network),
            Devices = Read(sandbox, s_model.Devices),
            Qemu = config?.HypervisorType == "qemu" ? Read(sandbox, s_model.Qemu) : null,
            Firecracker = config?.HypervisorType == "firecracker" ? Read(sandbox, s_model.Firecracker) : null,
            Agent = Read(sandbox, s_model.Agent),
            Containers = [.. NamesIn(files.Path.Combine(samples, "run", sandbox)).Select(container => ReadContainer(sandbox, container))],
        };
    }

    private NewContainer ReadContainer(string sandbox, string container)
    {
        string directory = files.Path.Combine(sandbox, container);
        return new NewContainer(container)
        {
            Config = Read(directory, s_model.ContainerConfig),
            State = Read(directory, s_model.ContainerState),
            Process = Read(directory, s_model.Process),
            Mounts = Read(directory, s_model.Mounts),
            Devices = Read(directory, s_model.ContainerDevices),
        };
    }

    private T? Read<T>(string directory, DocumentKind<T> kind)
        where T : class
    {
        string file = files.Path.Combine(samples, kind.Root == StoreRoot.Config ? "config" : "run", directory, kind.File);
        return files.File.Exists(file) ? JsonSerializer.Deserialize(files.File.ReadAllBytes(file), kind.Json) : null;
    }

    private IEnumerable<string> NamesIn(string directory) =>
        files.Directory.EnumerateDirectories(directory).Select(path => files.Path.GetFileName(path)).Order(StringComparer.Ordinal);
}
