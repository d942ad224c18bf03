using System;
using System.Globalization;
using System.Runtime.InteropServices;

namespace SafeStore.FileSystem;

/// <summary>What the process must be like for these system calls.</summary>
internal static unsafe class PosixProcess
{
    private const nint Default = 0;
    private const nint Ignored = 1;

    /// <summary>ESRCH.</summary>
    private const int NoSuchProcess = 3;

    /// <summary>Throws unless system and processor are those whose call numbers and structures are known here.</summary>
    /// <exception cref="PlatformNotSupportedException">They are not.</exception>
    internal static void ThrowIfUnsupported(bool isLinux, Architecture architecture)
    {
        if (!isLinux || architecture is not (Architecture.X64 or Architecture.Arm64))
        {
            throw new PlatformNotSupportedException(
                $"SafeStore's file system makes the system calls of Linux on x86-64 and arm64. This is {RuntimeInformation.OSDescription} "
                + $"on "
                + $"{architecture}. Run the program as a 64-bit process on one of these.");
        }
    }

    /// <summary>
    /// A write past RLIMIT_FSIZE is to be an error and not the end of the process. The signal that Linux sends with it is ignored from
    /// now on, unless the program has a handler of its own.
    /// </summary>
    internal static void IgnoreFileSizeSignal()
    {
        LibC.SignalAction action = default;
        if (LibC.sigaction(LibC.SIGXFSZ, null, &action) == 0 && action.Handler == Default)
        {
            action = new LibC.SignalAction { Handler = Ignored };
            _ = LibC.sigaction(LibC.SIGXFSZ, &action, null);
        }
    }

    /// <summary>Whether a process has an id, also one that this process may not see in /proc (hidepid).</summary>
    internal static bool IsLiving(int id) => (int)LibC.Error(LibC.kill(id, signal: 0)) != NoSuchProcess;

    /// <summary>When a process began, by the clock of now (proc_pid_stat(5), field 22); null if that is not told.</summary>
    internal static DateTimeOffset? StartOf(int id) => StartOf(
        PseudoFile.Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat")), PseudoFile.Read("/proc/stat"));

    /// <summary>The same by the texts of the two files. The name, in parentheses, may have blanks and parentheses of its own.</summary>
    internal static DateTimeOffset? StartOf(string process, string machine)
    {
        const int field = 22 - 3; // the third is the first behind the name
        const int ticks = 100; // per second, of all that the kernel tells to programs (USER_HZ)
        string[] fields = process[(process.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string? boot = Array.Find(machine.Split('\n'), static line => line.StartsWith("btime ", StringComparison.Ordinal));
        return fields.Length > field && long.TryParse(fields[field], CultureInfo.InvariantCulture, out long since)
            && long.TryParse(boot?[6..], CultureInfo.InvariantCulture, out long seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds).AddSeconds(since / ticks) : null;
    }
}
