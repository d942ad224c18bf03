using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using SafeStore.Documentation;
using Xunit;

namespace SafeStore.Cli.Tests.Documentation;

/// <summary>
/// A shell block, run by bash in an empty directory, with the tool that was built as <c>safestore</c> and the tree's root in REPOSITORY.
/// </summary>
internal static class ShellSnippet
{
    public static async Task<ShellResult> RunAsync(Snippet snippet)
    {
        DirectoryInfo work = Directory.CreateTempSubdirectory("safestore-snippet-");
        try
        {
            return await RunAsync(work, snippet.Context + "\n" + snippet.Text);
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    /// <summary>Runs it in <c>work</c> below a directory.</summary>
    public static async Task<ShellResult> RunAsync(
        DirectoryInfo work, string script, IReadOnlyDictionary<string, string>? environment = null)
    {
        string tools = work.CreateSubdirectory("tools").FullName;
        string tool = Path.Combine(tools, "safestore");
        await File.WriteAllTextAsync(
            tool, $"#!/bin/sh\nexec {BuiltTool.ShellCommand} \"$@\"\n");
        File.SetUnixFileMode(tool, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        var start = new ProcessStartInfo("bash", ["-eu", "-o", "pipefail", "-c", script])
        {
            WorkingDirectory = work.CreateSubdirectory("work").FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["REPOSITORY"] = Repository.Root;
        start.Environment["PATH"] = tools + ":" + start.Environment["PATH"];
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using Process shell = Process.Start(start)!;
        shell.StandardInput.Close();
        Task<string> output = shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> errors = shell.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new ShellResult(shell.ExitCode, await output, await errors);
    }
}

internal sealed record ShellResult(int Code, string Output, string Errors);
