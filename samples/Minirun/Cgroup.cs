using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace Minirun;

/// <summary>A cgroup by its path from the root, of version 2, or of version 1 in all hierarchies.</summary>
internal sealed class Cgroup(string path)
{
    private const string Mount = "/sys/fs/cgroup";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public bool IsEmpty => !Directories.Any(HasProcesses);

    private static IEnumerable<string> Hierarchies =>
        File.Exists(Mount + "/cgroup.controllers") ? [Mount] : Directory.GetDirectories(Mount).Order(StringComparer.Ordinal);

    private IEnumerable<string> Directories => Hierarchies.Select(mount => mount + path).Where(Directory.Exists);

    /// <summary>
    /// Takes this process and all that it starts in. A command that a killed daemon had started may still be running: it is in here too,
    /// and nothing is undone before it has ended.
    /// </summary>
    public async Task EnterAsync()
    {
        await WaitUntilEmptyAsync();
        string directory = Directory.CreateDirectory(Hierarchies.First() + path).FullName;
        await File.WriteAllTextAsync(directory + "/cgroup.procs", $"{Environment.ProcessId}");
    }

    public async Task WaitUntilEmptyAsync()
    {
        for (long start = Environment.TickCount64; !IsEmpty; await Task.Delay(5))
        {
            if (Environment.TickCount64 - start > Patience.TotalMilliseconds)
            {
                throw new MinirunException($"Processes of another daemon still run, in the cgroup {path}.");
            }
        }
    }

    public void Leave()
    {
        File.WriteAllText(Hierarchies.First() + "/cgroup.procs", $"{Environment.ProcessId}");
        Remove();
    }

    public void Remove()
    {
        foreach (string directory in Directories)
        {
            Directory.Delete(directory);
        }
    }

    private static bool HasProcesses(string directory)
    {
        try
        {
            return File.ReadAllText(directory + "/cgroup.procs").Length > 0;
        }
        catch (IOException)
        {
            return false; // removed meanwhile
        }
    }
}
