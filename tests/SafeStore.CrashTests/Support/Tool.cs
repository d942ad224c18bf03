using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;

namespace SafeStore.CrashTests.Support;

/// <summary>Programs of the system that the tests need. One that is missing fails the test, and says which package has it.</summary>
internal static class Tool
{
    private static readonly Dictionary<string, string> Packages = new(StringComparer.Ordinal)
    {
        ["strace"] = "strace",
        ["flock"] = "util-linux",
        ["prlimit"] = "util-linux",
        ["setpriv"] = "util-linux",
        ["mount"] = "mount",
        ["umount"] = "mount",
        ["losetup"] = "mount",
        ["mkfs.ext4"] = "e2fsprogs",
        ["mkfs.xfs"] = "xfsprogs",
        ["mkfs.btrfs"] = "btrfs-progs",
        ["btrfs"] = "btrfs-progs",
        ["mkfs.ext2"] = "e2fsprogs",
        ["chattr"] = "e2fsprogs",
        ["setfacl"] = "acl",
        ["getfacl"] = "acl",
        ["setfattr"] = "attr",
        ["getfattr"] = "attr",
        ["rsync"] = "rsync",
        ["cp"] = "coreutils",
        ["sync"] = "coreutils",
    };

    public static void Run(string name, params string[] arguments)
    {
        (int code, string output) = TryRun(name, arguments);
        if (code != 0)
        {
            throw new InvalidOperationException($"{name} {string.Join(' ', arguments)} ended with {code}: {output}");
        }
    }

    public static (int Code, string Output) TryRun(string name, params string[] arguments)
    {
        using Process process = Start(name, arguments);
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }

    public static Process Start(string name, params string[] arguments)
    {
        var start = new ProcessStartInfo(
            name, arguments)
        { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        string path = start.Environment["PATH"] ?? "";
        if (!path.Split(':').Contains("/usr/sbin"))
        {
            start.Environment["PATH"] = path + ":/usr/sbin:/sbin";
        }

        // mkfs lies where a user's search path does not lead.
        string sbin = "/usr/sbin/" + name;
        start.FileName = System.IO.File.Exists(sbin) ? sbin : name;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception failure)
        {
            throw new InvalidOperationException(
                $"The program '{name}' cannot be started: install it with 'apt-get install {Packages.GetValueOrDefault(name, name)}'. "
                + $"{failure.Message}", failure);
        }
    }
}
