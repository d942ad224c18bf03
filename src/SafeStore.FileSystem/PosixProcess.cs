using System;
using System.Runtime.InteropServices;

namespace SafeStore.FileSystem;

/// <summary>What the process must be like for these system calls.</summary>
internal static unsafe class PosixProcess
{
    private const nint Default = 0;
    private const nint Ignored = 1;

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
}
