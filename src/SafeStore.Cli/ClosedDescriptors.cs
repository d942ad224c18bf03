using System;
using System.Collections.Generic;
using System.IO;
using Microsoft.Win32.SafeHandles;

namespace SafeStore.Cli;

/// <summary>
/// Takes the places of the standard streams that were closed when the process started, so that no file of a store gets one of them and
/// with it what the tool prints. <see cref="InheritedDescriptor"/> still tells that they were closed.
/// </summary>
internal sealed class ClosedDescriptors : IDisposable
{
    private const nint LastStandard = 2;

    private readonly List<SafeFileHandle> _taken = [];

    public ClosedDescriptors()
    {
        // The kernel gives the lowest number that is free; the class library opens with O_CLOEXEC.
        while (Open() is { } handle)
        {
            if (handle.DangerousGetHandle() > LastStandard)
            {
                handle.Dispose();
                return;
            }

            _taken.Add(handle);
        }
    }

    public void Dispose() => _taken.ForEach(static handle => handle.Dispose());

    /// <summary>Null on a system without that device, a bare chroot for instance.</summary>
    private static SafeFileHandle? Open()
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
}
