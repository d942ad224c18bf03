using System;
using System.IO;
using System.Linq;
using Microsoft.Win32.SafeHandles;

namespace SafeStore.Cli;

/// <summary>
/// Tells a standard stream that the process was started with from one that was closed (a shell's <c>&lt;&amp;-</c>): the runtime or
/// <see cref="FillClosed"/> has opened something in its place by now.
/// </summary>
internal static class InheritedDescriptor
{
    private const long CloseOnExec = 0x80000; // O_CLOEXEC: no descriptor that has it outlives the start of a program

    private const int LastOfStandard = 2;

    /// <summary>
    /// Puts something that takes and gives nothing in the place of each standard stream that is closed. A native program has nothing
    /// there: the next file that it opens, of a store for instance, would get the number, and what is meant for people be written to it.
    /// </summary>
    public static void FillClosed()
    {
        while (OpenFilling() is { } filling)
        {
            if (filling.DangerousGetHandle() > LastOfStandard)
            {
                filling.Dispose();
                return;
            }

            filling.SetHandleAsInvalid(); // it stays open
        }
    }

    /// <exception cref="CommandException">It was closed.</exception>
    public static void ThrowIfClosed(int descriptor, string name)
    {
        if (!IsInherited(descriptor))
        {
            throw new CommandException($"The {name} is closed. Start the command with one; /dev/null will do.");
        }
    }

    /// <summary>With the lowest number that is free. Null on a system without that device, a bare chroot for instance.</summary>
    private static SafeFileHandle? OpenFilling()
    {
        try
        {
            return File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>By proc_pid_fdinfo(5), "flags: 02100002" in octal; true if that does not tell.</summary>
    private static bool IsInherited(int descriptor)
    {
        const string Flags = "flags:";
        try
        {
            string? line = File.ReadLines($"/proc/self/fdinfo/{descriptor}")
                .FirstOrDefault(static line => line.StartsWith(Flags, StringComparison.Ordinal));
            return line is null || (Convert.ToInt64(line[Flags.Length..].Trim(), 8) & CloseOnExec) == 0;
        }
        catch (FileNotFoundException)
        {
            return !Directory.Exists("/proc/self/fdinfo");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or FormatException or OverflowException)
        {
            return true;
        }
    }
}
