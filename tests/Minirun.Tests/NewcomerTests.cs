using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using Minirun.Tests.Support;
using Xunit;

namespace Minirun.Tests;

/// <summary>docs/minirun.md: its one command, and the code that it shows.</summary>
public sealed class NewcomerTests
{
    [Fact]
    public async Task The_script_runs_a_container_through_a_kill_of_the_daemon_and_leaves_nothing()
    {
        Requirements.Check();
        (int code, string output) = await Shell.TryAsync(
            "bash", [PathOf("samples/Minirun/run.sh")], new Dictionary<string, string> { ["MINIRUN"] = DaemonProcess.Program });

        Assert.True(code == 0, output);
        Assert.Contains("hello from web", output, StringComparison.Ordinal);
        Assert.Contains(
            "Left behind: 0 namespaces, 0 mounts, 0 cgroups, 0 directories", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_shows_the_creation_as_it_is()
    {
        string page = await File.ReadAllTextAsync(PathOf("docs/minirun.md"));
        string shown = page.Split("```csharp\n")[1].Split("\n```")[0];

        Assert.Contains(
            shown.ReplaceLineEndings("\n        "), await File.ReadAllTextAsync(PathOf("samples/Minirun/Daemon.cs")),
            StringComparison.Ordinal);
    }

    /// <summary>A file of the repository that the tests were built in.</summary>
    private static string PathOf(string file)
    {
        string? root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Join(root, "SafeStore.sln")))
        {
            root = Path.GetDirectoryName(root)
                ?? throw new FileNotFoundException("There is no SafeStore.sln above the tests: run them from where they were built.");
        }

        return Path.Join(root, file);
    }
}
