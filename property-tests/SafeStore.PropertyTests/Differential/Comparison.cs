using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using SafeStore.FileSystem;
using SafeStore.Testing;
using SafeStore.Testing.Files;
using Xunit;

namespace SafeStore.PropertyTests.Differential;

/// <summary>
/// Runs a script on the simulator and on the kernel's filesystems, and compares what each call gives and what is there in the end.
/// </summary>
internal static partial class Comparison
{
    public const string Closed = "closed";

    /// <summary>
    /// Where the simulator may differ, by the call and the two results: it is like ext4 where tmpfs is different. Who has done what the
    /// simulator has refused takes no further part in the script: its state is another one from there on.
    /// </summary>
    private static readonly (Verb Verb, string Simulator, string Other)[] s_known =
    [
        // The largest file: 16 TiB on ext4, all that an offset can say on tmpfs.
        (Verb.Write, "FileTooLarge 0", "None "),
        (Verb.Allocate, "FileTooLarge", "NoSpace"),

        // A directory has no 64 bytes on tmpfs, which is seen before it is seen to be a directory.
        (Verb.MapWords, "NoDevice False", "Invalid False"),
    ];

    public static void Run(Call[] script)
    {
        using var disk = new TempDirectory(onDisk: true);
        using var memory = new TempDirectory(onDisk: false);
        using var simulator = Simulated();
        using var ext4 = new Subject(new PosixFileSystem(), disk.Path, Plant);
        using var tmpfs = new Subject(new PosixFileSystem(), memory.Path, Plant);
        var others = new Dictionary<string, Subject>(StringComparer.Ordinal) { ["disk"] = ext4, ["memory"] = tmpfs };
        for (int i = 0; i < script.Length; i++)
        {
            string expected = simulator.Run(script[i]);
            foreach ((string name, Subject other) in others.ToList())
            {
                string found = other.Run(script[i]);
                if (found != expected && !IsArgumentSeenFirst(expected, found))
                {
                    Assert.True(IsKnown(script[i].Verb, expected, found),
                        $"step {i}, {script[i]}:\n  {name}: {found}\n  simulator: {expected}");
                    if (found.StartsWith("None", StringComparison.Ordinal))
                    {
                        others.Remove(name);
                    }
                }
            }

            Assert.True(others.Count > 0, $"step {i}, {script[i]}: the simulator is like none of the kernel's filesystems");
        }

        foreach ((string name, Subject other) in others)
        {
            Assert.True(simulator.Tree() == other.Tree(), $"in the end {name} has\n{other.Tree()}\nand the simulator\n{simulator.Tree()}");
        }
    }

    private static Subject Simulated()
    {
        SimulatedFileSystem simulated = new SimulatedMachine().Start().FileSystem;
        var calls = (IPathCalls)simulated;
        Assert.Equal(
            Errno.None, calls.MakeDirectory(
            "/work", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead
            | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute));
        return new Subject(
            simulated, "/work", (path, target, isHard) =>
            (isHard ? calls.Link(target, path) : calls.SymbolicLink(target, path)) == Errno.None);
    }

    /// <summary>With a closed handle and a bad argument, either may be told first.</summary>
    private static bool IsArgumentSeenFirst(string simulator, string other) =>
        simulator == Closed
        && (other.StartsWith("Invalid", StringComparison.Ordinal) || other.StartsWith("NameTooLong", StringComparison.Ordinal));

    private static bool IsKnown(Verb verb, string simulator, string other) =>
        Array.Exists(
            s_known, known =>
            known.Verb == verb && known.Simulator == simulator && other.StartsWith(known.Other, StringComparison.Ordinal));

    private static bool Plant(string path, string target, bool isHard) => (isHard ? Link(target, path) : SymbolicLink(target, path)) == 0;

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Link(string existing, string created);

    [LibraryImport("libc", EntryPoint = "symlink", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SymbolicLink(string target, string created);
}
