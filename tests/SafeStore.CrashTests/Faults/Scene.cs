using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;

namespace SafeStore.CrashTests.Faults;

/// <summary>
/// A directory of one test, and whatever the test puts in the way of a store: all of it is undone when disposed, latest first.
/// </summary>
internal sealed class Scene : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly Stack<Action> _undo = new();

    public Scene()
    {
        // Children of other users must come this far.
        File.SetUnixFileMode(_directory.Path, (UnixFileMode)0b111_101_101);
    }

    public string Path => _directory.Path;

    public StoreLayout Layout => StoreLayout.At(System.IO.Path.Combine(Path, "store"));

    /// <summary>The documents that the workloads need, in a store that is closed again.</summary>
    public Task<StoreLayout> SeedAsync() => SeedAsync(Layout);

    public static async Task<StoreLayout> SeedAsync(StoreLayout layout)
    {
        await using StateStore store = await StateStore.OpenAsync(layout, Workloads.Options);
        await Workloads.SeedAsync(store);
        return layout;
    }

    public T Own<T>(T what)
        where T : IDisposable
    {
        _undo.Push(what.Dispose);
        return what;
    }

    public ChildProcess Open(StoreLayout layout) => Own(ChildProcess.Open(layout));

    /// <summary>A disk of its own.</summary>
    public Mount Disk(string kind, string? size = null) => Own(Mount.Of(kind, Own(new TempDirectory()), size));

    public string Make(string name) => _directory.Make(name);

    /// <summary>Mounts a file or directory over another one.</summary>
    public void Bind(string what, string over) => MountOn(over, "--bind", what);

    /// <summary>An empty filesystem of its own.</summary>
    public void MountTmpfs(string over) => MountOn(over, "-t", "tmpfs", "tmpfs");

    public void MountOn(string over, params string[] arguments)
    {
        Tool.Run("mount", [.. arguments, over]);
        _undo.Push(UnmountAll);
    }

    /// <summary>Makes a file or directory immutable (<c>i</c>) or append-only (<c>a</c>): not even root can remove or replace it.</summary>
    public static void Forbid(string path, char flag = 'i') => Tool.Run("chattr", $"+{flag}", path);

    public static void Allow(string path, char flag = 'i') => Tool.Run("chattr", $"-{flag}", path);

    public void Dispose()
    {
        while (_undo.TryPop(out Action? undo))
        {
            try
            {
                undo();
            }
            catch (Exception failure) when (failure is InvalidOperationException or IOException)
            {
                Console.Error.WriteLine(failure.Message); // the rest must be undone all the same
            }
        }

        UnmountAll();

        // What was immutable may have been moved. rm goes deeper than a path is long, and takes any name.
        _ = Tool.TryRun("chattr", "-R", "-f", "-i", "-a", Path);
        _ = Tool.TryRun("rm", "-rf", "--one-file-system", Path);
        Directory.CreateDirectory(Path);
        _directory.Dispose();
    }

    /// <summary>By the kernel's list: a mount may have been moved with the directory that it lies in.</summary>
    private void UnmountAll()
    {
        foreach (string mounted in File.ReadAllLines("/proc/self/mountinfo")
            .Select(static line => line.Split(' ')[4])
            .Where(point => point.StartsWith(Path + "/", StringComparison.Ordinal))
            .Reverse())
        {
            _ = Tool.TryRun("umount", "--lazy", mounted);
        }
    }
}
