using System;
using SafeStore.FileSystem;

namespace SafeStore.Kata;

/// <summary>The two roots of a container runtime's tree of plain files.</summary>
public sealed record TreeRoots
{
    /// <summary>Names the roots.</summary>
    /// <param name="config">The config root; null for a tree that has none, as that of Kata's successor (<c>persist.json</c>).</param>
    /// <param name="run">The run root.</param>
    /// <exception cref="ArgumentException">A path is empty or has a NUL, or one root lies inside the other.</exception>
    public TreeRoots(string? config, string run)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(run);
        Run = Full(run);
        if (config is not null)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(config);
            Config = Full(config);
            if (AreNested(Config, Run))
            {
                throw new ArgumentException(
                    $"The two roots '{Config}' and '{Run}' must be different directories, neither inside the other.", nameof(run));
            }
        }
    }

    /// <summary>The config root's full path, or null.</summary>
    public string? Config { get; }

    /// <summary>The run root's full path.</summary>
    public string Run { get; }

    /// <summary>Those that there are.</summary>
    internal string[] Paths => Config is null ? [Run] : [Config, Run];

    internal string? PathOf(StoreRoot root) => root == StoreRoot.Config ? Config : Run;

    /// <summary>A tree is copied from or to somewhere else: in the store's own directories it would meet the store's own files.</summary>
    /// <exception cref="ArgumentException">A root lies inside one of the store's directories, or around it.</exception>
    internal void ThrowIfInside(StoreLayout layout)
    {
        foreach (string? root in new[] { Config, Run })
        {
            foreach (string place in new[] { layout.Config, layout.Run, layout.ConfigMetadata, layout.RunMetadata })
            {
                if (root is not null && AreNested(root, place))
                {
                    throw new ArgumentException(
                        $"The tree's root '{root}' and the store's directory '{place}' must lie apart. 'safestore adopt' makes a tree a "
                        + $"store where it is.");
                }
            }
        }
    }

    private static string Full(string path) => LinuxPath.TrimEndingDirectorySeparator(LinuxPath.GetFullPath(path));

    private static bool AreNested(string left, string right) => IsInside(left, right) || IsInside(right, left);

    private static bool IsInside(string path, string directory) =>
        path == directory || path.StartsWith(directory.EndsWith('/') ? directory : directory + "/", StringComparison.Ordinal);
}
