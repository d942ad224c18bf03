using System;
using System.IO;
using System.IO.Abstractions;
using Microsoft.Win32.SafeHandles;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Files;

/// <summary>File: this part opens, moves and describes files; the other one reads and writes whole ones.</summary>
internal sealed partial class FileView(SimulatedFiles files) : IFile
{
    public IFileSystem FileSystem => files;

    public void Copy(string sourceFileName, string destFileName) => Copy(sourceFileName, destFileName, overwrite: false);

    public void Copy(string sourceFileName, string destFileName, bool overwrite)
    {
        ArgumentException.ThrowIfNullOrEmpty(sourceFileName);
        ArgumentException.ThrowIfNullOrEmpty(destFileName);
        files.Changes.Copy(files.Absolute(sourceFileName), files.Absolute(destFileName), overwrite);
    }

    public FileSystemStream Create(string path) => Create(path, bufferSize: 4096);

    public FileSystemStream Create(string path, int bufferSize) => Create(path, bufferSize, FileOptions.None);

    public FileSystemStream Create(string path, int bufferSize, FileOptions options) =>
        files.FileStream.New(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, bufferSize, options);

    public IFileSystemInfo CreateSymbolicLink(string path, string pathToTarget)
    {
        string created = files.Absolute(path);
        files.Links.Create(created, pathToTarget);
        return new SimulatedFileInfo(files, path, created);
    }

    public void Decrypt(string path) => throw Missing(nameof(Decrypt));

    public void Delete(string path) => files.Changes.Delete(files.Absolute(path));

    public void Encrypt(string path) => throw Missing(nameof(Encrypt));

    public bool Exists(string? path)
    {
        if (string.IsNullOrEmpty(path) || path.Contains('\0', StringComparison.Ordinal))
        {
            return false;
        }

        string absolute = files.Absolute(path);
        return !LinuxPath.EndsInDirectorySeparator(absolute) && files.IsFile(absolute);
    }

    public FileAttributes GetAttributes(string path)
    {
        string absolute = files.Absolute(path);
        PathState state = PathState.Checked(files.Calls, absolute);
        return state.Exists ? state.Attributes(LinuxPath.GetFileName(absolute)) : throw files.Error(Errno.NotFound, absolute);
    }

    public FileAttributes GetAttributes(SafeFileHandle fileHandle) => throw HandleMissing(nameof(GetAttributes));

    public DateTime GetCreationTime(string path) => GetCreationTimeUtc(path).ToLocalTime();

    public DateTime GetCreationTime(SafeFileHandle fileHandle) => throw HandleMissing(nameof(GetCreationTime));

    public DateTime GetCreationTimeUtc(string path) => State(path).Created(files.Calls.Now).UtcDateTime;

    public DateTime GetCreationTimeUtc(SafeFileHandle fileHandle) => throw HandleMissing(nameof(GetCreationTimeUtc));

    public DateTime GetLastAccessTime(string path) => GetLastAccessTimeUtc(path).ToLocalTime();

    public DateTime GetLastAccessTime(SafeFileHandle fileHandle) => throw HandleMissing(nameof(GetLastAccessTime));

    public DateTime GetLastAccessTimeUtc(string path) => State(path).Accessed.UtcDateTime;

    public DateTime GetLastAccessTimeUtc(SafeFileHandle fileHandle) => throw HandleMissing(nameof(GetLastAccessTimeUtc));

    public DateTime GetLastWriteTime(string path) => GetLastWriteTimeUtc(path).ToLocalTime();

    public DateTime GetLastWriteTime(SafeFileHandle fileHandle) => throw HandleMissing(nameof(GetLastWriteTime));

    public DateTime GetLastWriteTimeUtc(string path) => State(path).Written.UtcDateTime;

    public DateTime GetLastWriteTimeUtc(SafeFileHandle fileHandle) => throw HandleMissing(nameof(GetLastWriteTimeUtc));

    public UnixFileMode GetUnixFileMode(string path)
    {
        string absolute = files.Absolute(path);
        PathState state = PathState.Checked(files.Calls, absolute);
        return state is { Exists: true, LeadsNowhere: false } ? state.ModeOrMissing : throw files.Error(Errno.NotFound, absolute);
    }

    public UnixFileMode GetUnixFileMode(SafeFileHandle fileHandle) => throw HandleMissing(nameof(GetUnixFileMode));

    public void Move(string sourceFileName, string destFileName) => Move(sourceFileName, destFileName, overwrite: false);

    public void Move(string sourceFileName, string destFileName, bool overwrite)
    {
        ArgumentException.ThrowIfNullOrEmpty(sourceFileName);
        ArgumentException.ThrowIfNullOrEmpty(destFileName);
        files.Changes.Move(files.Absolute(sourceFileName), files.Absolute(destFileName), overwrite);
    }

    public FileSystemStream Open(string path, FileMode mode) =>
        Open(path, mode, mode == FileMode.Append ? FileAccess.Write : FileAccess.ReadWrite);

    public FileSystemStream Open(string path, FileMode mode, FileAccess access) => Open(path, mode, access, FileShare.None);

    public FileSystemStream Open(string path, FileMode mode, FileAccess access, FileShare share) =>
        files.FileStream.New(path, mode, access, share);

    public FileSystemStream Open(string path, FileStreamOptions options) => files.FileStream.New(path, options);

    public SafeFileHandle OpenHandle(
        string path,
        FileMode mode = FileMode.Open,
        FileAccess access = FileAccess.Read,
        FileShare share = FileShare.Read,
        FileOptions options = FileOptions.None,
        long preallocationSize = 0) => throw Missing(nameof(OpenHandle));

    public FileSystemStream OpenRead(string path) => Open(path, FileMode.Open, FileAccess.Read, FileShare.Read);

    public FileSystemStream OpenWrite(string path) => Open(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);

    public void Replace(string sourceFileName, string destinationFileName, string? destinationBackupFileName) =>
        Replace(sourceFileName, destinationFileName, destinationBackupFileName, ignoreMetadataErrors: false);

    public void Replace(string sourceFileName, string destinationFileName, string? destinationBackupFileName, bool ignoreMetadataErrors)
    {
        ArgumentNullException.ThrowIfNull(sourceFileName);
        ArgumentNullException.ThrowIfNull(destinationFileName);
        files.Changes.Replace(
            files.Absolute(sourceFileName),
            files.Absolute(destinationFileName),
            destinationBackupFileName is null ? null : files.Absolute(destinationBackupFileName));
    }

    public IFileSystemInfo? ResolveLinkTarget(string linkPath, bool returnFinalTarget) =>
        files.Links.Resolve(files.Absolute(linkPath), returnFinalTarget, isDirectory: false) is { } target
            ? files.FileInfo.New(target)
            : null;

    public void SetAttributes(string path, FileAttributes fileAttributes) =>
        PathState.SetAttributes(files, files.Absolute(path), fileAttributes);

    public void SetAttributes(SafeFileHandle fileHandle, FileAttributes fileAttributes) => throw HandleMissing(nameof(SetAttributes));

    // There is no call to set the time of creation; .NET sets the time of the last write instead.
    public void SetCreationTime(string path, DateTime creationTime) => SetLastWriteTime(path, creationTime);

    public void SetCreationTime(SafeFileHandle fileHandle, DateTime creationTime) => throw HandleMissing(nameof(SetCreationTime));

    public void SetCreationTimeUtc(string path, DateTime creationTimeUtc) => SetLastWriteTimeUtc(path, creationTimeUtc);

    public void SetCreationTimeUtc(SafeFileHandle fileHandle, DateTime creationTimeUtc) => throw HandleMissing(nameof(SetCreationTimeUtc));

    public void SetLastAccessTime(string path, DateTime lastAccessTime) =>
        PathState.SetTimes(files, files.Absolute(path), lastAccessTime, written: null);

    public void SetLastAccessTime(SafeFileHandle fileHandle, DateTime lastAccessTime) => throw HandleMissing(nameof(SetLastAccessTime));

    public void SetLastAccessTimeUtc(string path, DateTime lastAccessTimeUtc) =>
        PathState.SetTimes(files, files.Absolute(path), PathState.Utc(lastAccessTimeUtc), written: null);

    public void SetLastAccessTimeUtc(SafeFileHandle fileHandle, DateTime lastAccessTimeUtc) =>
        throw HandleMissing(nameof(SetLastAccessTimeUtc));

    public void SetLastWriteTime(string path, DateTime lastWriteTime) =>
        PathState.SetTimes(files, files.Absolute(path), accessed: null, lastWriteTime);

    public void SetLastWriteTime(SafeFileHandle fileHandle, DateTime lastWriteTime) => throw HandleMissing(nameof(SetLastWriteTime));

    public void SetLastWriteTimeUtc(string path, DateTime lastWriteTimeUtc) =>
        PathState.SetTimes(files, files.Absolute(path), accessed: null, PathState.Utc(lastWriteTimeUtc));

    public void SetLastWriteTimeUtc(SafeFileHandle fileHandle, DateTime lastWriteTimeUtc) =>
        throw HandleMissing(nameof(SetLastWriteTimeUtc));

    public void SetUnixFileMode(string path, UnixFileMode mode) => PathState.SetMode(files, files.Absolute(path), mode);

    public void SetUnixFileMode(SafeFileHandle fileHandle, UnixFileMode mode) => throw HandleMissing(nameof(SetUnixFileMode));

    private PathState State(string path) => PathState.Checked(files.Calls, files.Absolute(path));

    private static NotSupportedException Missing(string member) => Unsupported.Member(nameof(IFile), member);

    private static NotSupportedException HandleMissing(string member) => Missing($"{member}(SafeFileHandle)");
}
