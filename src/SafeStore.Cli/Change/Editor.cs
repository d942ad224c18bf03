using System;
using System.ComponentModel;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Cli.Change;

/// <summary>The user's editor: a command of the shell, which may have arguments.</summary>
internal sealed record Editor(string Command)
{
    /// <exception cref="CommandException">None is set.</exception>
    public static Editor OfEnvironment() => Set("VISUAL") ?? Set("EDITOR")
        ?? throw new CommandException("No editor is set. Set VISUAL or EDITOR, or write the document from a file: safestore put.");

    /// <summary>Runs it on a file, with this process's terminal.</summary>
    /// <returns>Its exit code.</returns>
    /// <exception cref="CommandException">There is no shell to run it.</exception>
    public async Task<int> RunAsync(string path)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"{Command} \"$@\"", Command, path]))!;
            await process.WaitForExitAsync(CancellationToken.None);
            return process.ExitCode;
        }
        catch (Win32Exception failure)
        {
            throw new CommandException($"Could not start the editor '{Command}': {failure.Message}");
        }
    }

    private static Editor? Set(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { } command && !string.IsNullOrWhiteSpace(command) ? new Editor(command) : null;
}
