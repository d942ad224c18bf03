using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Xunit;

namespace SafeStore.Tests.FileSystem;

/// <summary>What is at one path is shown at another, too, until this is disposed. Both are on one filesystem, on two mounts.</summary>
internal sealed class BindMount : IDisposable
{
    private readonly string _id;
    private bool _isGone;

    public BindMount(string source, string target)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root may mount.");
        Run("mount", "--bind", source, target);
        _id = Mounts().Last(mount => mount.Place == target).Id;
    }

    public void Dispose()
    {
        if (!_isGone)
        {
            // an idle store may have it open; the directory above it may have been renamed
            Run("umount", "--lazy", Mounts().Single(mount => mount.Id == _id).Place);
            _isGone = true;
        }
    }

    /// <summary>Runs a tool to its end, which must be a success.</summary>
    public static void Run(string tool, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardError = true })!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{tool}: {errors}");
    }

    private static IEnumerable<(string Id, string Place)> Mounts() => File.ReadLines("/proc/self/mountinfo").Select(static line =>
    {
        string[] fields = line.Split(' ');
        return (fields[0], fields[4].Replace("\\040", " ", StringComparison.Ordinal));
    });
}
