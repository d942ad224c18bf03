using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Abstractions;
using System.Linq;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Files;

/// <summary>Directory.</summary>
internal sealed class DirectoryView(SimulatedFiles files) : IDirectory
{
    private const string All = "*";

    public IFileSystem FileSystem => files;

    public IDirectoryInfo CreateDirectory(string path) => CreateDirectory(path, DirectoryChanges.DefaultMode);

    public IDirectoryInfo CreateDirectory(string path, UnixFileMode unixCreateMode)
    {
        string created = files.Absolute(path);
        files.Directories.Create(created, unixCreateMode);
        return new SimulatedDirectoryInfo(files, path, created);
    }

    public IFileSystemInfo CreateSymbolicLink(string path, string pathToTarget)
    {
        string created = files.Absolute(path);
        files.Links.Create(created, pathToTarget);
        return new SimulatedDirectoryInfo(files, path, created);
    }

    public IDirectoryInfo CreateTempSubdirectory(string? prefix = null)
    {
        if (prefix?.Contains('/', StringComparison.Ordinal) == true)
        {
            throw new ArgumentException("The value may not contain directory separator characters.", nameof(prefix));
        }

        const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        return files.DirectoryInfo.New(PathView.MakeTemp(files, prefix ?? "", "", path => files.Calls.MakeDirectory(path, Mode)));
    }

    public void Delete(string path) => Delete(path, recursive: false);

    public void Delete(string path, bool recursive) => files.Directories.Delete(files.Absolute(path), recursive);

    public IEnumerable<string> EnumerateDirectories(string path) => EnumerateDirectories(path, All);

    public IEnumerable<string> EnumerateDirectories(string path, string searchPattern) =>
        EnumerateDirectories(path, searchPattern, SearchOption.TopDirectoryOnly);

    public IEnumerable<string> EnumerateDirectories(string path, string searchPattern, SearchOption searchOption) =>
        EnumerateDirectories(path, searchPattern, DirectoryListing.Options(searchOption));

    public IEnumerable<string> EnumerateDirectories(string path, string searchPattern, EnumerationOptions enumerationOptions) =>
        Paths(path, searchPattern, ListingTarget.Directories, enumerationOptions);

    public IEnumerable<string> EnumerateFiles(string path) => EnumerateFiles(path, All);

    public IEnumerable<string> EnumerateFiles(string path, string searchPattern) =>
        EnumerateFiles(path, searchPattern, SearchOption.TopDirectoryOnly);

    public IEnumerable<string> EnumerateFiles(string path, string searchPattern, SearchOption searchOption) =>
        EnumerateFiles(path, searchPattern, DirectoryListing.Options(searchOption));

    public IEnumerable<string> EnumerateFiles(string path, string searchPattern, EnumerationOptions enumerationOptions) =>
        Paths(path, searchPattern, ListingTarget.Files, enumerationOptions);

    public IEnumerable<string> EnumerateFileSystemEntries(string path) => EnumerateFileSystemEntries(path, All);

    public IEnumerable<string> EnumerateFileSystemEntries(string path, string searchPattern) =>
        EnumerateFileSystemEntries(path, searchPattern, SearchOption.TopDirectoryOnly);

    public IEnumerable<string> EnumerateFileSystemEntries(string path, string searchPattern, SearchOption searchOption) =>
        EnumerateFileSystemEntries(path, searchPattern, DirectoryListing.Options(searchOption));

    public IEnumerable<string> EnumerateFileSystemEntries(string path, string searchPattern, EnumerationOptions enumerationOptions) =>
        Paths(path, searchPattern, ListingTarget.Both, enumerationOptions);

    public bool Exists(string? path) =>
        !string.IsNullOrEmpty(path) && !path.Contains('\0', StringComparison.Ordinal) && files.IsDirectory(files.Absolute(path));

    public DateTime GetCreationTime(string path) => files.File.GetCreationTime(path);

    public DateTime GetCreationTimeUtc(string path) => files.File.GetCreationTimeUtc(path);

    public string GetCurrentDirectory() => files.CurrentDirectory;

    public string[] GetDirectories(string path) => [.. EnumerateDirectories(path)];

    public string[] GetDirectories(string path, string searchPattern) => [.. EnumerateDirectories(path, searchPattern)];

    public string[] GetDirectories(string path, string searchPattern, SearchOption searchOption) =>
        [.. EnumerateDirectories(path, searchPattern, searchOption)];

    public string[] GetDirectories(string path, string searchPattern, EnumerationOptions enumerationOptions) =>
        [.. EnumerateDirectories(path, searchPattern, enumerationOptions)];

    public string GetDirectoryRoot(string path)
    {
        _ = files.Absolute(path);
        return "/";
    }

    public string[] GetFiles(string path) => [.. EnumerateFiles(path)];

    public string[] GetFiles(string path, string searchPattern) => [.. EnumerateFiles(path, searchPattern)];

    public string[] GetFiles(string path, string searchPattern, SearchOption searchOption) =>
        [.. EnumerateFiles(path, searchPattern, searchOption)];

    public string[] GetFiles(string path, string searchPattern, EnumerationOptions enumerationOptions) =>
        [.. EnumerateFiles(path, searchPattern, enumerationOptions)];

    public string[] GetFileSystemEntries(string path) => [.. EnumerateFileSystemEntries(path)];

    public string[] GetFileSystemEntries(string path, string searchPattern) => [.. EnumerateFileSystemEntries(path, searchPattern)];

    public string[] GetFileSystemEntries(string path, string searchPattern, SearchOption searchOption) =>
        [.. EnumerateFileSystemEntries(path, searchPattern, searchOption)];

    public string[] GetFileSystemEntries(string path, string searchPattern, EnumerationOptions enumerationOptions) =>
        [.. EnumerateFileSystemEntries(path, searchPattern, enumerationOptions)];

    public DateTime GetLastAccessTime(string path) => files.File.GetLastAccessTime(path);

    public DateTime GetLastAccessTimeUtc(string path) => files.File.GetLastAccessTimeUtc(path);

    public DateTime GetLastWriteTime(string path) => files.File.GetLastWriteTime(path);

    public DateTime GetLastWriteTimeUtc(string path) => files.File.GetLastWriteTimeUtc(path);

    public string[] GetLogicalDrives() => ["/"];

    public IDirectoryInfo? GetParent(string path) =>
        LinuxPath.GetDirectoryName(files.Absolute(path)) is { } parent ? files.DirectoryInfo.New(parent) : null;

    public void Move(string sourceDirName, string destDirName)
    {
        ArgumentException.ThrowIfNullOrEmpty(sourceDirName);
        ArgumentException.ThrowIfNullOrEmpty(destDirName);
        files.Directories.Move(files.Absolute(sourceDirName), files.Absolute(destDirName));
    }

    public IFileSystemInfo? ResolveLinkTarget(string linkPath, bool returnFinalTarget) =>
        files.Links.Resolve(files.Absolute(linkPath), returnFinalTarget, isDirectory: true) is { } target
            ? files.DirectoryInfo.New(target)
            : null;

    public void SetCreationTime(string path, DateTime creationTime) => files.File.SetCreationTime(path, creationTime);

    public void SetCreationTimeUtc(string path, DateTime creationTimeUtc) => files.File.SetCreationTimeUtc(path, creationTimeUtc);

    public void SetCurrentDirectory(string path)
    {
        string directory = files.Absolute(path);
        Errno errno = files.Calls.Stat(directory, follow: true, out NodeStatus node);
        files.ThrowIfFailed(errno, directory, isDirectory: true);
        if (node.Status.Kind != FileKind.Directory)
        {
            throw IoError.DirectoryNotFound(directory);
        }

        files.CurrentDirectory = LinuxPath.TrimEndingDirectorySeparator(directory);
    }

    public void SetLastAccessTime(string path, DateTime lastAccessTime) => files.File.SetLastAccessTime(path, lastAccessTime);

    public void SetLastAccessTimeUtc(string path, DateTime lastAccessTimeUtc) => files.File.SetLastAccessTimeUtc(path, lastAccessTimeUtc);

    public void SetLastWriteTime(string path, DateTime lastWriteTime) => files.File.SetLastWriteTime(path, lastWriteTime);

    public void SetLastWriteTimeUtc(string path, DateTime lastWriteTimeUtc) => files.File.SetLastWriteTimeUtc(path, lastWriteTimeUtc);

    private IEnumerable<string> Paths(string path, string pattern, ListingTarget target, EnumerationOptions options) =>
        DirectoryListing.Of(files, path, pattern, target, options).Select(static found => found.Path);
}
