using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Vocabulary;

namespace SafeStore.Operations.Doctor;

/// <summary>What was seen of the place of a root: the root itself, or the nearest directory above it that exists.</summary>
/// <param name="Root">Which root.</param>
/// <param name="Path">The root's path.</param>
/// <param name="Place">The path of the directory that was looked at.</param>
/// <param name="Traits">The filesystem.</param>
/// <param name="Status">The directory.</param>
internal sealed record PlaceFacts(StoreRoot Root, string Path, string Place, FileSystemTraits Traits, FileStatus Status)
{
    private const string MountTable = "/proc/self/mountinfo";

    /// <summary>Null if the kernel does not tell.</summary>
    public MountEntry? Mount { get; init; }

    /// <summary>The options of mount and filesystem, those included that the mount table leaves out.</summary>
    public IReadOnlySet<string> Options { get; init; } = new HashSet<string>();

    /// <summary>How many errors an ext4 has counted.</summary>
    public long Errors { get; init; }

    /// <summary>The device with what the kernel knows of its cache; null if there is none, or it does not tell.</summary>
    public DeviceFacts? Device { get; init; }

    public SpaceLeft? Space { get; init; }

    /// <summary>Where something is mounted below root and metadata.</summary>
    public IReadOnlyList<string> MountsBelow { get; init; } = [];

    /// <summary>The directory in which the root lies; null if it was not to be seen.</summary>
    public NamedStatus? Parent { get; init; }

    /// <summary>Null if it does not exist.</summary>
    public NamedStatus? Metadata { get; init; }

    /// <summary>What lies in the metadata.</summary>
    public IReadOnlyList<NamedStatus> MetadataEntries { get; init; } = [];

    /// <summary>The project that the root hands down; null if none.</summary>
    public uint? Project { get; init; }

    /// <summary>The project of what is made in the metadata.</summary>
    public uint StagedProject { get; init; }

    /// <summary>The sandboxes that take files of another project only.</summary>
    public IReadOnlyList<string> OddProjects { get; init; } = [];

    public bool Exists => Path == Place;

    /// <exception cref="StorageException">It may not be looked at.</exception>
    public static PlaceFacts Read(IDurableFileSystem fs, StoreLayout layout, StoreRoot root)
    {
        using var view = ViewedRoot.Open(fs, layout, root);
        using DirectoryHandle? nearest = OpenNearestTo(fs, view);
        DirectoryHandle directory = view.Directory ?? nearest!;
        PlaceFacts state = ReadState(fs, view, directory);
        string mounts = directory is PosixDirectory ? PseudoFile.Read(MountTable) : "";
        uint staged = view.Metadata is { } made ? ProjectIn(fs, made) ?? 0 : ProjectIn(fs, directory) ?? 0;
        return state with
        {
            Device = DeviceFacts.Read(DeviceOf(state.Status, directory), state.Mount?.Source ?? ""),
            MountsBelow = [.. new[] { view.Directory, view.Metadata }.OfType<PosixDirectory>()
                .SelectMany(each => MountInfo.PointsBelow(mounts, PosixDirectory.RealPathOf(each))).Distinct()],
            Parent = view.Directory is null ? null : ParentOf(fs, view.Path),
            Metadata = view.Metadata is { } metadata && fs.Stat(metadata, out FileStatus found) == Errno.None
                ? new NamedStatus(metadata.Path, found) : null,
            MetadataEntries = EntriesOf(fs, view.Metadata),
            Project = ProjectIn(fs, directory),
            StagedProject = staged,
            OddProjects = view.Directory is null ? [] : OddProjectsIn(fs, view.Directory, staged),
        };
    }

    /// <summary>The filesystem only, at a cost that does not grow with the store.</summary>
    /// <exception cref="StorageException">It may not be looked at.</exception>
    public static PlaceFacts ReadState(IDurableFileSystem fs, StoreLayout layout, StoreRoot root)
    {
        using var view = ViewedRoot.Open(fs, layout, root);
        using DirectoryHandle? nearest = OpenNearestTo(fs, view);
        return ReadState(fs, view, view.Directory ?? nearest!);
    }

    private static PlaceFacts ReadState(IDurableFileSystem fs, ViewedRoot view, DirectoryHandle directory)
    {
        StorageException.ThrowIfFailed(fs.Describe(directory, out FileSystemTraits? traits), "look at the filesystem", directory);
        StorageException.ThrowIfFailed(fs.Stat(directory, out FileStatus status), "look at the directory", directory);
        bool isSimulated = directory is not PosixDirectory; // of which the kernel knows nothing
        MountEntry? mount = MountInfo.Find(isSimulated ? "" : PseudoFile.Read(MountTable), status.MountId);
        string device = DeviceOf(status, directory);
        return new PlaceFacts(view.Root, view.Path, directory.Path, traits!, status)
        {
            Mount = mount,
            Options = OptionsOf(mount, device.Length == 0 ? "" : PseudoFile.Read($"/proc/fs/ext4/{device}/options")),
            Errors = device.Length == 0 ? 0 : ErrorsOf(status.Device),
            Space = isSimulated ? null : PosixTraits.SpaceOf(directory),
        };
    }

    private static string DeviceOf(in FileStatus status, DirectoryHandle directory) =>
        directory is PosixDirectory ? PseudoFile.LinkTarget($"/sys/dev/block/{PosixStatus.NumbersOf(status.Device)}") : "";

    /// <summary>What is open above a root that is not there; null of one that is.</summary>
    private static DirectoryHandle? OpenNearestTo(IDurableFileSystem fs, ViewedRoot view) =>
        view.Failure is StorageException failure ? throw failure
        : view.Directory is null ? OpenNearest(fs, LinuxPath.GetDirectoryName(view.Path)!) : null;

    private static DirectoryHandle OpenNearest(IDurableFileSystem fs, string path)
    {
        Errno errno = fs.OpenRoot(path, out DirectoryHandle? directory);
        if (errno == Errno.NotFound && LinuxPath.GetDirectoryName(path) is { } parent)
        {
            return OpenNearest(fs, parent);
        }

        StorageException.ThrowIfFailed(errno, "open the directory", path);
        return directory!;
    }

    private static HashSet<string> OptionsOf(MountEntry? mount, string report) =>
        [.. $"{mount?.Options},{mount?.FilesystemOptions},{report.Replace('\n', ',')}"
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    private static long ErrorsOf(ulong device)
    {
        using var report = Ext4Report.TryOpen(device);
        return report?.Read()?.Errors ?? 0;
    }

    private static NamedStatus? ParentOf(IDurableFileSystem fs, string path)
    {
        if (LinuxPath.GetDirectoryName(path) is not { } parent || fs.OpenRoot(parent, out DirectoryHandle? directory) != Errno.None)
        {
            return null;
        }

        using (directory)
        {
            return fs.Stat(directory!, out FileStatus status) == Errno.None ? new NamedStatus(parent, status) : null;
        }
    }

    private static NamedStatus[] EntriesOf(IDurableFileSystem fs, DirectoryHandle? directory) =>
        directory is null ? [] : [.. NamesIn(fs, directory).Order(StringComparer.Ordinal)
            .Select(name => fs.Stat(directory, name, out FileStatus status) == Errno.None
                ? new NamedStatus($"{directory.Path}/{name}", status) : null)
            .OfType<NamedStatus>().Where(static each => each.Status.Kind != FileKind.SymbolicLink)];

    private static string[] OddProjectsIn(IDurableFileSystem fs, DirectoryHandle directory, uint staged)
    {
        var odd = new List<string>();
        foreach (string name in NamesIn(fs, directory).Where(static name => Identifier.IsFree(name)).Order(StringComparer.Ordinal))
        {
            if (fs.OpenDirectory(directory, name, out DirectoryHandle? sandbox) == Errno.None)
            {
                using (sandbox)
                {
                    if (ProjectIn(fs, sandbox!) is { } project && project != staged)
                    {
                        odd.Add(name);
                    }
                }
            }
        }

        return [.. odd];
    }

    private static uint? ProjectIn(IDurableFileSystem fs, DirectoryHandle directory) =>
        fs.ProjectOf(directory) is (var id, true) ? id : null;

    private static IEnumerable<string> NamesIn(IDurableFileSystem fs, DirectoryHandle directory)
    {
        var entries = new List<DirectoryEntry>();
        return fs.List(directory, entries) == Errno.None ? entries.Select(static entry => entry.Name) : [];
    }
}

/// <summary>A path with what lies there.</summary>
internal sealed record NamedStatus(string Path, FileStatus Status);

/// <summary>A block device.</summary>
/// <param name="Name">Its name in /sys/class/block, without a partition.</param>
/// <param name="WriteCache">What the kernel takes its cache for: "write back" or "write through".</param>
internal sealed record DeviceFacts(string Name, string WriteCache)
{
    /// <summary>A partition has its queue in the directory above.</summary>
    /// <param name="name">Its name by its number; empty for a filesystem that has no device number of its own, as btrfs.</param>
    /// <param name="source">What the mount table names.</param>
    public static DeviceFacts? Read(string name, string source)
    {
        if (name.Length == 0 && source.StartsWith("/dev/", StringComparison.Ordinal))
        {
            name = PseudoFile.LinkTarget(source) is { Length: > 0 } target ? target : LinuxPath.GetFileName(source);
        }

        if (name.Length == 0)
        {
            return null;
        }

        string whole = LinuxPath.GetFileName(LinuxPath.GetDirectoryName(PseudoFile.WholeLinkTarget($"/sys/class/block/{name}")) ?? "");
        return new[] { name, whole }.Where(static each => each.Length > 0)
            .Select(static each => new DeviceFacts(each, PseudoFile.Read($"/sys/class/block/{each}/queue/write_cache").Trim()))
            .FirstOrDefault(static each => each.WriteCache.Length > 0);
    }
}
