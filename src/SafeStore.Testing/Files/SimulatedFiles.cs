using System;
using System.IO;
using System.IO.Abstractions;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Files;

/// <summary>
/// What an ordinary .NET program on Linux sees of a simulated machine: System.IO.Abstractions over <see cref="IPathCalls"/>, with the
/// exceptions that .NET throws there. What is not supported throws <see cref="NotSupportedException"/> and names the member.
/// </summary>
internal sealed class SimulatedFiles : IFileSystem
{
    // What most Linux machines give a process: only the owner writes to what it creates.
    private const UnixFileMode Umask = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    internal SimulatedFiles(IPathCalls calls)
    {
        Calls = calls;
        Opening = new FileOpening(this);
        Changes = new FileChanges(this);
        Directories = new DirectoryChanges(this);
        Links = new LinkReading(this);
        File = new FileView(this);
        Directory = new DirectoryView(this);
        Path = new PathView(this);
        FileInfo = new SimulatedFileInfoFactory(this);
        DirectoryInfo = new SimulatedDirectoryInfoFactory(this);
        FileStream = new SimulatedStreamFactory(this);
        DriveInfo = new UnsupportedDrives(this);
        FileSystemWatcher = new UnsupportedWatchers(this);
        FileVersionInfo = new UnsupportedVersions(this);
        RandomAccess = new UnsupportedRandomAccess(this);
    }

    public IFile File { get; }

    public IDirectory Directory { get; }

    public IPath Path { get; }

    public IFileInfoFactory FileInfo { get; }

    public IDirectoryInfoFactory DirectoryInfo { get; }

    public IFileStreamFactory FileStream { get; }

    public IDriveInfoFactory DriveInfo { get; }

    public IFileSystemWatcherFactory FileSystemWatcher { get; }

    public IFileVersionInfoFactory FileVersionInfo { get; }

    public IRandomAccess RandomAccess { get; }

    /// <summary>The kernel.</summary>
    internal IPathCalls Calls { get; }

    /// <summary>Opens streams.</summary>
    internal FileOpening Opening { get; }

    /// <summary>Copies, moves and removes files.</summary>
    internal FileChanges Changes { get; }

    /// <summary>Makes, moves and removes directories.</summary>
    internal DirectoryChanges Directories { get; }

    /// <summary>Makes and resolves symbolic links.</summary>
    internal LinkReading Links { get; }

    /// <summary>Where relative paths start.</summary>
    internal string CurrentDirectory { get; set; } = "/";

    /// <summary>Path.GetFullPath of the simulated process.</summary>
    internal string Absolute(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return LinuxPath.GetFullPath(path, CurrentDirectory);
    }

    /// <summary>Whether a path leads to a directory, perhaps through links.</summary>
    internal bool IsDirectory(string? path) =>
        !string.IsNullOrEmpty(path)
        && Calls.Stat(path, follow: true, out NodeStatus node) == Errno.None
        && node.Status.Kind == FileKind.Directory;

    /// <summary>Whether a path leads to something else than a directory; a link to nowhere counts.</summary>
    internal bool IsFile(string path)
    {
        Errno errno = Probe(LinuxPath.TrimEndingDirectorySeparator(path), out NodeStatus node);
        return errno == Errno.None && node.Status.Kind != FileKind.Directory;
    }

    /// <summary>Describes what a path leads to, or the link itself if that leads nowhere.</summary>
    internal Errno Probe(string path, out NodeStatus node)
    {
        Errno errno = Calls.Stat(path, follow: true, out node);
        return errno == Errno.None ? errno : Calls.Stat(path, follow: false, out node);
    }

    /// <summary>Throws if a call failed.</summary>
    internal void ThrowIfFailed(Errno errno, string? path, bool isDirectory = false)
    {
        if (errno != Errno.None)
        {
            throw Error(errno, path, isDirectory);
        }
    }

    /// <summary>The exception for an errno. "Not found" is about the directory if that is missing, as on Windows.</summary>
    internal Exception Error(Errno errno, string? path, bool isDirectory = false) =>
        IoError.Of(errno, path, isDirectory || (errno == Errno.NotFound && path is not null && IsParentMissing(path)));

    /// <summary>The permission bits of something new.</summary>
    internal static UnixFileMode Masked(UnixFileMode mode) => mode & ~Umask;

    private bool IsParentMissing(string path) =>
        LinuxPath.GetDirectoryName(LinuxPath.TrimEndingDirectorySeparator(path)) is { } parent && !IsDirectory(parent);
}
