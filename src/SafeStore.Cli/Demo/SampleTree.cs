using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace SafeStore.Cli.Demo;

/// <summary>Real sandbox trees of a container runtime, which lie beside the tool.</summary>
internal static class SampleTree
{
    /// <summary>Makes each sandbox of the samples in a store, complete, in one transaction.</summary>
    /// <returns>The sandboxes' ids.</returns>
    public static async System.Threading.Tasks.Task<IReadOnlyList<string>> LoadAsync(StateStore store)
    {
        string samples = Path.Combine(AppContext.BaseDirectory, "samples", "kata");
        if (!Directory.Exists(samples))
        {
            throw new CommandException($"The sample trees are missing: '{samples}' does not exist. Install or build the tool again.");
        }

        string[] sandboxes = [.. Directory.EnumerateDirectories(Path.Combine(samples, "run")).Select(Path.GetFileName).Order(StringComparer.Ordinal)!];
        foreach (string sandbox in sandboxes)
        {
            await using SandboxLock created = await store.LockNewAsync(sandbox);
            SandboxChange change = created.Change();
            var containers = new SortedSet<string>(StringComparer.Ordinal);
            Put(change, StoreRoot.Config, Path.Combine(samples, "config", sandbox), containers);
            Put(change, StoreRoot.Run, Path.Combine(samples, "run", sandbox), containers);
            await change.CommitAsync();
        }

        return sandboxes;
    }

    private static void Put(SandboxChange change, StoreRoot root, string directory, SortedSet<string> containers)
    {
        PutFiles(change, root, null, directory);
        foreach (string container in Directory.EnumerateDirectories(directory))
        {
            string id = Path.GetFileName(container);
            if (containers.Add(id))
            {
                change.CreateContainer(id);
            }

            PutFiles(change, root, id, container);
        }
    }

    private static void PutFiles(SandboxChange change, StoreRoot root, string? container, string directory)
    {
        foreach (string file in Directory.EnumerateFiles(directory))
        {
            change.PutJson(root, container, Path.GetFileName(file), File.ReadAllBytes(file));
        }
    }
}
