using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Abstractions;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Win32.SafeHandles;

namespace SafeStore.Testing.Files;

/// <summary>What the view does not offer says so by name.</summary>
internal static class Unsupported
{
    internal static NotSupportedException Member(string type, string member) => new($"SimulatedFiles does not support {type}.{member}.");
}

/// <summary>There are no drives on the simulated machine.</summary>
internal sealed class UnsupportedDrives(IFileSystem files) : IDriveInfoFactory
{
    public IFileSystem FileSystem => files;

    public IDriveInfo[] GetDrives() => throw Missing(nameof(GetDrives));

    public IDriveInfo New(string driveName) => throw Missing(nameof(New));

    public IDriveInfo? Wrap(DriveInfo? driveInfo) => throw Missing(nameof(Wrap));

    private static NotSupportedException Missing(string member) => Unsupported.Member(nameof(IDriveInfoFactory), member);
}

/// <summary>The simulated machine tells no watcher of changes.</summary>
internal sealed class UnsupportedWatchers(IFileSystem files) : IFileSystemWatcherFactory
{
    public IFileSystem FileSystem => files;

    public IFileSystemWatcher New() => throw Missing(nameof(New));

    public IFileSystemWatcher New(string path) => throw Missing(nameof(New));

    public IFileSystemWatcher New(string path, string filter) => throw Missing(nameof(New));

    public IFileSystemWatcher? Wrap(FileSystemWatcher? fileSystemWatcher) => throw Missing(nameof(Wrap));

    private static NotSupportedException Missing(string member) => Unsupported.Member(nameof(IFileSystemWatcherFactory), member);
}

/// <summary>Versions of executables mean nothing here.</summary>
internal sealed class UnsupportedVersions(IFileSystem files) : IFileVersionInfoFactory
{
    public IFileSystem FileSystem => files;

    public IFileVersionInfo GetVersionInfo(string fileName) =>
        throw Unsupported.Member(nameof(IFileVersionInfoFactory), nameof(GetVersionInfo));
}

/// <summary>The handles of the host's kernel have no counterpart here.</summary>
internal sealed class UnsupportedRandomAccess(IFileSystem files) : IRandomAccess
{
    public IFileSystem FileSystem => files;

    public void FlushToDisk(SafeFileHandle handle) => throw Missing(nameof(FlushToDisk));

    public long GetLength(SafeFileHandle handle) => throw Missing(nameof(GetLength));

    public int Read(SafeFileHandle handle, Span<byte> buffer, long fileOffset) => throw Missing(nameof(Read));

    public long Read(SafeFileHandle handle, IReadOnlyList<Memory<byte>> buffers, long fileOffset) => throw Missing(nameof(Read));

    public ValueTask<int> ReadAsync(
        SafeFileHandle handle, Memory<byte> buffer, long fileOffset, CancellationToken cancellationToken = default) =>
        throw Missing(nameof(ReadAsync));

    public ValueTask<long> ReadAsync(
        SafeFileHandle handle, IReadOnlyList<Memory<byte>> buffers, long fileOffset, CancellationToken cancellationToken = default) =>
        throw Missing(nameof(ReadAsync));

    public void SetLength(SafeFileHandle handle, long length) => throw Missing(nameof(SetLength));

    public void Write(SafeFileHandle handle, ReadOnlySpan<byte> buffer, long fileOffset) => throw Missing(nameof(Write));

    public void Write(SafeFileHandle handle, IReadOnlyList<ReadOnlyMemory<byte>> buffers, long fileOffset) => throw Missing(nameof(Write));

    public ValueTask WriteAsync(
        SafeFileHandle handle, ReadOnlyMemory<byte> buffer, long fileOffset, CancellationToken cancellationToken = default) =>
        throw Missing(nameof(WriteAsync));

    public ValueTask WriteAsync(
        SafeFileHandle handle, IReadOnlyList<ReadOnlyMemory<byte>> buffers, long fileOffset, CancellationToken cancellationToken =
        default) =>
        throw Missing(nameof(WriteAsync));

    private static NotSupportedException Missing(string member) => Unsupported.Member(nameof(IRandomAccess), member);
}
