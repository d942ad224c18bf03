using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Operations.Repair;
using SafeStore.Operations.Sandboxes;
using SafeStore.Roots;

namespace SafeStore.Operations.Backups;

/// <summary>Quarantines, one a root, with copies of what a command is about to replace or to remove.</summary>
/// <param name="roots">The roots, open to be changed.</param>
/// <param name="now">The time, their name.</param>
/// <param name="reason">Why, for the manifests.</param>
internal sealed class KeptCopies(RootSet roots, DateTimeOffset now, string reason) : IDisposable
{
    private readonly Quarantine _config = new(roots.FileSystem, roots.Config, now);
    private readonly Quarantine _run = new(roots.FileSystem, roots.Run, now);

    /// <summary>Keeps what a restore replaces or removes, and what else lies in a container that goes; durable on return.</summary>
    /// <returns>The directories that have something now.</returns>
    /// <exception cref="StorageException">Something could not be copied.</exception>
    public IReadOnlyList<string> Keep(IReadOnlyCollection<RestoredSandbox> sandboxes) => Keep(root =>
    [
        .. sandboxes.SelectMany(each => each.Documents.Where(one => one.Key.Root == root && one.Value != RestoredKind.New
            && !(one.Key.Container is { } container && each.Containers.ContainsKey(container)))
            .Select(static one => one.Key.RelativePath)),
        .. sandboxes.SelectMany(static each => each.Containers.Where(static one => one.Value == RestoredKind.Removed)
            .Select(one => $"{each.Sandbox}/{one.Key}")),
    ]);

    /// <summary>Keeps what lies in a sandbox or container and is not the store's, before it is removed; durable on return.</summary>
    /// <inheritdoc cref="Keep(IReadOnlyCollection{RestoredSandbox})"/>
    public IReadOnlyList<string> KeepForeign(string sandbox, string? container) => Keep(
        root => [.. new ForeignEntries(roots.FileSystem).Find(roots[root].Directory, root, sandbox, container)]);

    public void Dispose()
    {
        _config.Dispose();
        _run.Dispose();
    }

    private List<string> Keep(Func<StoreRoot, string[]> pathsOf)
    {
        var kept = new List<string>();
        foreach (StoreRoot root in new[] { StoreRoot.Config, StoreRoot.Run })
        {
            Quarantine quarantine = root == StoreRoot.Config ? _config : _run;
            if (quarantine.KeepPaths(roots[root].Directory, pathsOf(root), reason))
            {
                kept.Add(quarantine.Directory.Path);
            }
        }

        return kept;
    }
}
