using System;
using System.IO.Abstractions;

namespace SafeStore.Testing.Files;

/// <summary>Stand-in until the view is merged.</summary>
internal sealed class SimulatedFiles(IPathCalls calls) : IFileSystem
{
    public IDirectory Directory => throw new NotSupportedException(calls.Now.ToString());

    public IDirectoryInfoFactory DirectoryInfo => throw new NotSupportedException();

    public IDriveInfoFactory DriveInfo => throw new NotSupportedException();

    public IFile File => throw new NotSupportedException();

    public IFileInfoFactory FileInfo => throw new NotSupportedException();

    public IFileVersionInfoFactory FileVersionInfo => throw new NotSupportedException();

    public IFileStreamFactory FileStream => throw new NotSupportedException();

    public IFileSystemWatcherFactory FileSystemWatcher => throw new NotSupportedException();

    public IRandomAccess RandomAccess => throw new NotSupportedException();

    public IPath Path => throw new NotSupportedException();
}
