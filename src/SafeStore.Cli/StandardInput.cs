using System;
using System.IO;

namespace SafeStore.Cli;

/// <summary>The process's standard input.</summary>
internal static class StandardInput
{
    private const int Descriptor = 0;

    /// <exception cref="CommandException">It is closed.</exception>
    public static Stream Open()
    {
        InheritedDescriptor.ThrowIfClosed(Descriptor, "standard input");
        return Console.OpenStandardInput();
    }
}
