using System;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Win32.SafeHandles;

namespace SafeStore.Cli;

/// <summary>The process's standard output as a stream that tells when no reader is left.</summary>
internal static class StandardOutput
{
    private const int Descriptor = 1;

    /// <exception cref="CommandException">It is closed.</exception>
    public static void ThrowIfClosed() => InheritedDescriptor.ThrowIfClosed(Descriptor, "standard output");

    /// <summary>
    /// Opens it. The console's own stream swallows EPIPE, so that a command would go on committing without a reader; a file, on the other
    /// hand, needs the console's stream, since a FileStream keeps a position of its own and others may write to the same file.
    /// </summary>
    public static Stream Open()
    {
        var stream = new FileStream(new SafeFileHandle(Descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return new OutputStream(stream.CanSeek ? Console.OpenStandardOutput() : stream);
    }

    /// <summary>Lets also what is written through the console fail with a message that names the standard output.</summary>
    public static void NameFailures() =>
        Console.SetOut(new StreamWriter(new OutputStream(Console.OpenStandardOutput()), new UTF8Encoding(false)) { AutoFlush = true });

    /// <summary>Writes a text at once.</summary>
    public static async Task WriteAsync(string text)
    {
        await using Stream output = Open();
        await output.WriteAsync(Encoding.UTF8.GetBytes(text), CancellationToken.None);
        await output.FlushAsync(CancellationToken.None);
    }
}
