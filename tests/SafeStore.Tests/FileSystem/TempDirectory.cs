using System;
using System.IO;

namespace SafeStore.Tests.FileSystem;

/// <summary>A directory that is removed with all it holds when disposed.</summary>
public sealed class TempDirectory : IDisposable
{
    public const string SharedMemory = "/dev/shm";

    public TempDirectory(string? parent = null)
    {
        Path = System.IO.Path.Combine(parent ?? System.IO.Path.GetTempPath(), "safestore-test-" + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public string Path { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
