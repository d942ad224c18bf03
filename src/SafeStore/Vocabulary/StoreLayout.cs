using System;
using SafeStore.FileSystem;

namespace SafeStore;

/// <summary>
/// Where a store's two roots and their metadata lie. The roots may lie on different filesystems; a root's metadata may not.
/// </summary>
public sealed record StoreLayout
{
    /// <summary>The name of a metadata directory inside its root, unless the layout says otherwise.</summary>
    public const string MetadataName = ".safestore";

    /// <summary>What a metadata directory beside its root has after the root's name.</summary>
    public const string BesideSuffix = ".safestore";

    private StoreLayout(string config, string run, string configMetadata, string runMetadata)
    {
        Config = config;
        Run = run;
        ConfigMetadata = configMetadata;
        RunMetadata = runMetadata;
    }

    /// <summary>The config root's absolute path.</summary>
    public string Config { get; }

    /// <summary>The run root's absolute path.</summary>
    public string Run { get; }

    /// <summary>The absolute path of the config root's metadata directory, which also holds the log.</summary>
    public string ConfigMetadata { get; }

    /// <summary>The absolute path of the run root's metadata directory.</summary>
    public string RunMetadata { get; }

    /// <summary>Roots at <c>directory/config</c> and <c>directory/run</c>.</summary>
    /// <param name="directory">A path, relative to the current directory if it is not absolute.</param>
    /// <exception cref="ArgumentException">The path is empty or has a NUL.</exception>
    public static StoreLayout At(string directory)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        string full = LinuxPath.GetFullPath(directory);
        return Of(LinuxPath.Join(full, "config"), LinuxPath.Join(full, "run"));
    }

    /// <summary>Roots of any place, each with its metadata in <c>.safestore</c> inside.</summary>
    /// <param name="config">The config root.</param>
    /// <param name="run">The run root; neither inside the config root nor around it.</param>
    /// <exception cref="ArgumentException">A path is empty or has a NUL, or one root lies inside the other.</exception>
    public static StoreLayout Of(string config, string run)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(config);
        ArgumentException.ThrowIfNullOrWhiteSpace(run);
        return Of(config, run, LinuxPath.Join(config, MetadataName), LinuxPath.Join(run, MetadataName));
    }

    /// <summary>Roots of any place with metadata of any place on the same filesystem, beside the root for instance.</summary>
    /// <param name="config">The config root.</param>
    /// <param name="run">The run root; neither inside the config root nor around it.</param>
    /// <param name="configMetadata">The config root's metadata directory.</param>
    /// <param name="runMetadata">The run root's metadata directory.</param>
    /// <exception cref="ArgumentException">
    /// A path is empty or has a NUL, or directories that must differ are the same or nested.
    /// </exception>
    public static StoreLayout Of(string config, string run, string configMetadata, string runMetadata)
    {
        string[] paths =
            [Full(config, nameof(config)), Full(run, nameof(run)), Full(configMetadata, nameof(configMetadata)),
            Full(runMetadata, nameof(runMetadata))];
        if (IsInside(paths[0], paths[1]) || IsInside(paths[1], paths[0]))
        {
            throw new ArgumentException("The two roots must be different directories, neither inside the other.", nameof(run));
        }

        if (IsInside(paths[2], paths[3]) || IsInside(paths[3], paths[2]))
        {
            throw new ArgumentException("The two metadata directories must be different, neither inside the other.", nameof(runMetadata));
        }

        CheckMetadata(paths[2], paths, nameof(configMetadata));
        CheckMetadata(paths[3], paths, nameof(runMetadata));
        return new StoreLayout(paths[0], paths[1], paths[2], paths[3]);
    }

    /// <summary>
    /// Roots of any place, each with its metadata beside it, at its path with <see cref="BesideSuffix"/>: for trees in which another
    /// program must find nothing but its own.
    /// </summary>
    /// <param name="config">The config root; not a mount point, since its metadata must be on its filesystem.</param>
    /// <param name="run">The run root; neither inside the config root nor around it, and not a mount point.</param>
    /// <exception cref="ArgumentException">
    /// A path is empty, the filesystem's root or has a NUL, or one root lies inside the other.
    /// </exception>
    public static StoreLayout Beside(string config, string run)
    {
        string fullConfig = Full(config, nameof(config));
        string fullRun = Full(run, nameof(run));
        return Of(fullConfig, fullRun, fullConfig + BesideSuffix, fullRun + BesideSuffix);
    }

    /// <summary>
    /// Where Kata Containers keeps its sandboxes: <c>/var/lib/vc/sbs</c> and <c>/run/vc/sbs</c>, with the metadata in
    /// <c>/var/lib/vc/sbs.safestore</c> and <c>/run/vc/sbs.safestore</c>.
    /// </summary>
    public static StoreLayout Kata() => Kata("/");

    /// <summary>
    /// The directories of <see cref="Kata()"/> below another root: XDG_RUNTIME_DIR of a rootless runtime, or a test's directory.
    /// </summary>
    /// <param name="root">A path, relative to the current directory if it is not absolute.</param>
    /// <exception cref="ArgumentException">The path is empty or has a NUL.</exception>
    public static StoreLayout Kata(string root)
    {
        string full = Full(root, nameof(root));
        return Beside(LinuxPath.Join(full, "var/lib/vc/sbs"), LinuxPath.Join(full, "run/vc/sbs"));
    }

    internal string PathOf(StoreRoot root) => root == StoreRoot.Config ? Config : Run;

    internal string MetadataOf(StoreRoot root) => root == StoreRoot.Config ? ConfigMetadata : RunMetadata;

    private static string Full(string path, string parameter)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path, parameter);
        return LinuxPath.TrimEndingDirectorySeparator(LinuxPath.GetFullPath(path));
    }

    private static void CheckMetadata(string metadata, string[] paths, string parameter)
    {
        foreach (string root in paths.AsSpan(0, 2))
        {
            // Inside a root only a name that no sandbox can have keeps listings of the root clean and ids free.
            bool hidden = LinuxPath.GetDirectoryName(metadata) == root && LinuxPath.GetFileName(metadata).StartsWith('.');
            if (IsInside(root, metadata) || (IsInside(metadata, root) && !hidden))
            {
                throw new ArgumentException(
                    $"The metadata directory '{metadata}' must lie outside the root '{root}', or directly inside it under a name that "
                    + $"starts with a dot.", parameter);
            }
        }
    }

    private static bool IsInside(string path, string directory) =>
        path == directory || path.StartsWith(directory.EndsWith('/') ? directory : directory + "/", StringComparison.Ordinal);
}
