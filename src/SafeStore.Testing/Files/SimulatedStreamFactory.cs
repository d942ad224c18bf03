using System.IO;
using System.IO.Abstractions;
using Microsoft.Win32.SafeHandles;

namespace SafeStore.Testing.Files;

/// <summary>Opens streams by path.</summary>
internal sealed class SimulatedStreamFactory(SimulatedFiles files) : IFileStreamFactory
{
    private const int BufferSize = 4096;

    public IFileSystem FileSystem => files;

    public FileSystemStream New(string path, FileMode mode) =>
        New(path, mode, mode == FileMode.Append ? FileAccess.Write : FileAccess.ReadWrite);

    public FileSystemStream New(string path, FileMode mode, FileAccess access) => New(path, mode, access, FileShare.Read);

    public FileSystemStream New(string path, FileMode mode, FileAccess access, FileShare share) =>
        New(path, mode, access, share, BufferSize);

    public FileSystemStream New(string path, FileMode mode, FileAccess access, FileShare share, int bufferSize) =>
        New(path, mode, access, share, bufferSize, FileOptions.None);

    public FileSystemStream New(string path, FileMode mode, FileAccess access, FileShare share, int bufferSize, bool useAsync) =>
        New(path, mode, access, share, bufferSize, useAsync ? FileOptions.Asynchronous : FileOptions.None);

    public FileSystemStream New(string path, FileMode mode, FileAccess access, FileShare share, int bufferSize, FileOptions options) =>
        new SimulatedFileStream(files.Opening.Open(path, mode, access, share, bufferSize, options));

    public FileSystemStream New(string path, FileStreamOptions options) => new SimulatedFileStream(files.Opening.Open(path, options));

    public FileSystemStream New(SafeFileHandle handle, FileAccess access) =>
        throw Unsupported.Member(nameof(IFileStreamFactory), "New(SafeFileHandle)");

    public FileSystemStream New(SafeFileHandle handle, FileAccess access, int bufferSize) => New(handle, access);

    public FileSystemStream New(SafeFileHandle handle, FileAccess access, int bufferSize, bool isAsync) => New(handle, access);

    public FileSystemStream Wrap(FileStream fileStream) => throw Unsupported.Member(nameof(IFileStreamFactory), nameof(Wrap));
}
