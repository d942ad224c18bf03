using System;
using System.Collections.Generic;
using System.IO.Abstractions;
using System.Linq;
using System.Threading.Tasks;

namespace SafeStore.Cli.Demo;

/// <summary>Sandbox trees of a container runtime as plain files: a config and a run root below one directory.</summary>
internal sealed class SampleTree(IFileSystem files, string samples)
{
    /// <summary>The real trees that lie beside the tool.</summary>
    public static SampleTree BesideTheTool(IFileSystem files) => new(files, files.Path.Combine(AppContext.BaseDirectory, "samples", "kata"));

    /// <summary>Makes each sandbox of the samples in a store, complete, in one transaction.</summary>
    /// <returns>The sandboxes' ids.</returns>
    public async Task<IReadOnlyList<string>> LoadAsync(StateStore store)
    {
        if (!files.Directory.Exists(samples))
        {
            throw new CommandException($"The sample trees are missing: '{samples}' does not exist. Install or build the tool again.");
        }

        string[] sandboxes = [.. files.Directory.EnumerateDirectories(files.Path.Combine(samples, "run")).Select(path => files.Path.GetFileName(path)).Order(StringComparer.Ordinal)];
        foreach (string sandbox in sandboxes)
        {
            await using SandboxLock created = await store.LockNewAsync(sandbox);
            SandboxChange change = created.Change();
            var containers = new SortedSet<string>(StringComparer.Ordinal);
            Put(change, StoreRoot.Config, files.Path.Combine(samples, "config", sandbox), containers);
            Put(change, StoreRoot.Run, files.Path.Combine(samples, "run", sandbox), containers);
            await change.CommitAsync();
        }

        return sandboxes;
    }

    private void Put(SandboxChange change, StoreRoot root, string directory, SortedSet<string> containers)
    {
        PutFiles(change, root, null, directory);
        foreach (string container in files.Directory.EnumerateDirectories(directory))
        {
            string id = files.Path.GetFileName(container);
            if (containers.Add(id))
            {
                change.CreateContainer(id);
            }

            PutFiles(change, root, id, container);
        }
    }

    private void PutFiles(SandboxChange change, StoreRoot root, string? container, string directory)
    {
        foreach (string file in files.Directory.EnumerateFiles(directory))
        {
            change.PutJson(root, container, files.Path.GetFileName(file), files.File.ReadAllBytes(file));
        }
    }
}
