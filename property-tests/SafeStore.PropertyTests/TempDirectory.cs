using System;
using System.Diagnostics;
using System.IO;

namespace SafeStore.PropertyTests;

/// <summary>A directory that is removed with all it holds when disposed; in memory unless a real disk is asked for.</summary>
internal sealed class TempDirectory : IDisposable
{
    public TempDirectory(bool onDisk = false)
    {
        string parent = !onDisk && Directory.Exists("/dev/shm") ? "/dev/shm" : System.IO.Path.GetTempPath();
        Path = System.IO.Path.Combine(parent, "safestore-law-" + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A name that is not UTF-8, which .NET cannot express.
            using Process remove = Process.Start("rm", ["-rf", "--", Path]);
            remove.WaitForExit();
        }
    }
}
