using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

/// <summary>The contract on real directories. Its mounts need root.</summary>
public abstract class KernelContract : DurableFileSystemContract
{
    private bool _hasMounts;

    protected KernelContract(PosixFileSystem fileSystem, string rootPath)
        : base(fileSystem, rootPath)
    {
    }

    protected sealed override void PlantSymbolicLink(string path, string target) =>
        File.CreateSymbolicLink(Path.Combine(RootPath, path), target);

    protected sealed override void PlantLink(string path, string existing) =>
        Run("ln", Path.Combine(RootPath, existing), Path.Combine(RootPath, path));

    protected sealed override void PlantBindMount(string path, string source)
    {
        _hasMounts = true;
        Run("mount", "--bind", Path.Combine(RootPath, source), Path.Combine(RootPath, path));
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!_hasMounts)
        {
            return;
        }

        // The last one first; a directory above may have another name meanwhile.
        foreach (string line in File.ReadAllLines("/proc/self/mountinfo").Reverse())
        {
            string path = line.Split(' ')[4];
            if (path.StartsWith(RootPath + "/", StringComparison.Ordinal))
            {
                Run("umount", path);
            }
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {errors}");
    }
}
