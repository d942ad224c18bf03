using System;
using System.IO;
using Microsoft.Win32.SafeHandles;

namespace SafeStore.Cli;

/// <summary>The process's standard output as a stream that tells when no reader is left.</summary>
internal static class StandardOutput
{
    private const int Descriptor = 1;

    /// <summary>
    /// Opens it. The console's own stream swallows EPIPE, so that a command would go on committing without a reader; a file, on the other
    /// hand, needs the console's stream, since a FileStream keeps a position of its own and others may write to the same file.
    /// </summary>
    /// <exception cref="CommandException">It is closed.</exception>
    public static Stream Open()
    {
        InheritedDescriptor.ThrowIfClosed(Descriptor, "standard output");
        var stream = new FileStream(new SafeFileHandle(Descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return stream.CanSeek ? Console.OpenStandardOutput() : stream;
    }
}
