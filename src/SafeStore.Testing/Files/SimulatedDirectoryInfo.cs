using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Abstractions;
using System.Linq;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Files;

/// <summary>DirectoryInfo.</summary>
internal sealed class SimulatedDirectoryInfo(SimulatedFiles files, string originalPath, string fullPath)
    : SimulatedInfo(files, originalPath, fullPath), IDirectoryInfo
{
    private const string All = "*";

    public override string Name => FullPath == "/" ? FullPath : LinuxPath.GetFileName(LinuxPath.TrimEndingDirectorySeparator(FullPath));

    public override bool Exists => State is { Exists: true, IsDirectory: true };

    public IDirectoryInfo? Parent =>
        LinuxPath.GetDirectoryName(LinuxPath.TrimEndingDirectorySeparator(FullPath)) is { } parent ? Files.DirectoryInfo.New(parent) : null;

    public IDirectoryInfo Root => Files.DirectoryInfo.New("/");

    public void Create()
    {
        Files.Directories.Create(FullPath);
        Forget();
    }

    public IDirectoryInfo CreateSubdirectory(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string created = LinuxPath.GetFullPath(path, FullPath);
        string inside = LinuxPath.TrimEndingDirectorySeparator(FullPath);
        string trimmed = LinuxPath.TrimEndingDirectorySeparator(created);
        if (LinuxPath.IsPathRooted(path)
            || (trimmed != inside && !trimmed.StartsWith(inside == "/" ? inside : inside + "/", StringComparison.Ordinal)))
        {
            throw new ArgumentException(
                $"The directory specified, '{path}', is not a subdirectory of '{FullPath}'.", nameof(path));
        }

        Files.Directories.Create(created);
        return Files.DirectoryInfo.New(created);
    }

    public override void Delete() => Delete(recursive: false);

    public void Delete(bool recursive)
    {
        Files.Directories.Delete(FullPath, recursive);
        Forget();
    }

    public void MoveTo(string destDirName)
    {
        string target = Files.Absolute(destDirName);
        Files.Directories.Move(FullPath, target);
        OriginalPath = destDirName;
        FullPath = LinuxPath.EndsInDirectorySeparator(target) ? target : target + "/";
        Forget();
    }

    public IEnumerable<IDirectoryInfo> EnumerateDirectories() => EnumerateDirectories(All);

    public IEnumerable<IDirectoryInfo> EnumerateDirectories(string searchPattern) =>
        EnumerateDirectories(searchPattern, SearchOption.TopDirectoryOnly);

    public IEnumerable<IDirectoryInfo> EnumerateDirectories(string searchPattern, SearchOption searchOption) =>
        EnumerateDirectories(searchPattern, DirectoryListing.Options(searchOption));

    public IEnumerable<IDirectoryInfo> EnumerateDirectories(string searchPattern, EnumerationOptions enumerationOptions) =>
        Infos(searchPattern, ListingTarget.Directories, enumerationOptions).Cast<IDirectoryInfo>();

    public IEnumerable<IFileInfo> EnumerateFiles() => EnumerateFiles(All);

    public IEnumerable<IFileInfo> EnumerateFiles(string searchPattern) => EnumerateFiles(searchPattern, SearchOption.TopDirectoryOnly);

    public IEnumerable<IFileInfo> EnumerateFiles(string searchPattern, SearchOption searchOption) =>
        EnumerateFiles(searchPattern, DirectoryListing.Options(searchOption));

    public IEnumerable<IFileInfo> EnumerateFiles(string searchPattern, EnumerationOptions enumerationOptions) =>
        Infos(searchPattern, ListingTarget.Files, enumerationOptions).Cast<IFileInfo>();

    public IEnumerable<IFileSystemInfo> EnumerateFileSystemInfos() => EnumerateFileSystemInfos(All);

    public IEnumerable<IFileSystemInfo> EnumerateFileSystemInfos(string searchPattern) =>
        EnumerateFileSystemInfos(searchPattern, SearchOption.TopDirectoryOnly);

    public IEnumerable<IFileSystemInfo> EnumerateFileSystemInfos(string searchPattern, SearchOption searchOption) =>
        EnumerateFileSystemInfos(searchPattern, DirectoryListing.Options(searchOption));

    public IEnumerable<IFileSystemInfo> EnumerateFileSystemInfos(string searchPattern, EnumerationOptions enumerationOptions) =>
        Infos(searchPattern, ListingTarget.Both, enumerationOptions);

    public IDirectoryInfo[] GetDirectories() => [.. EnumerateDirectories()];

    public IDirectoryInfo[] GetDirectories(string searchPattern) => [.. EnumerateDirectories(searchPattern)];

    public IDirectoryInfo[] GetDirectories(string searchPattern, SearchOption searchOption) =>
        [.. EnumerateDirectories(searchPattern, searchOption)];

    public IDirectoryInfo[] GetDirectories(string searchPattern, EnumerationOptions enumerationOptions) =>
        [.. EnumerateDirectories(searchPattern, enumerationOptions)];

    public IFileInfo[] GetFiles() => [.. EnumerateFiles()];

    public IFileInfo[] GetFiles(string searchPattern) => [.. EnumerateFiles(searchPattern)];

    public IFileInfo[] GetFiles(string searchPattern, SearchOption searchOption) => [.. EnumerateFiles(searchPattern, searchOption)];

    public IFileInfo[] GetFiles(string searchPattern, EnumerationOptions enumerationOptions) =>
        [.. EnumerateFiles(searchPattern, enumerationOptions)];

    public IFileSystemInfo[] GetFileSystemInfos() => [.. EnumerateFileSystemInfos()];

    public IFileSystemInfo[] GetFileSystemInfos(string searchPattern) => [.. EnumerateFileSystemInfos(searchPattern)];

    public IFileSystemInfo[] GetFileSystemInfos(string searchPattern, SearchOption searchOption) =>
        [.. EnumerateFileSystemInfos(searchPattern, searchOption)];

    public IFileSystemInfo[] GetFileSystemInfos(string searchPattern, EnumerationOptions enumerationOptions) =>
        [.. EnumerateFileSystemInfos(searchPattern, enumerationOptions)];

    private IEnumerable<IFileSystemInfo> Infos(string pattern, ListingTarget target, EnumerationOptions options) =>
        DirectoryListing.Of(Files, FullPath, pattern, target, options).Select(Info);

    private IFileSystemInfo Info(Found found)
    {
        SimulatedInfo info = found.IsDirectory
            ? new SimulatedDirectoryInfo(Files, found.FullPath, found.FullPath)
            : new SimulatedFileInfo(Files, found.FullPath, found.FullPath);
        info.Refresh();
        return info;
    }
}

/// <summary>Makes <see cref="SimulatedDirectoryInfo"/>.</summary>
internal sealed class SimulatedDirectoryInfoFactory(SimulatedFiles files) : IDirectoryInfoFactory
{
    public IFileSystem FileSystem => files;

    public IDirectoryInfo New(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return new SimulatedDirectoryInfo(files, path, files.Absolute(path));
    }

    public IDirectoryInfo? Wrap(DirectoryInfo? directoryInfo) =>
        directoryInfo is null ? null : throw Unsupported.Member(nameof(IDirectoryInfoFactory), nameof(Wrap));
}
