using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Cli.Tests;

/// <summary>The real tool as a child process; killed at the end if it still runs.</summary>
public sealed class ToolProcess : IDisposable
{
    private ToolProcess(Process process)
    {
        Process = process;
        Errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    public Process Process { get; }

    public StreamWriter Input => Process.StandardInput;

    public StreamReader Output => Process.StandardOutput;

    public Task<string> Errors { get; }

    public static ToolProcess Start(params string[] arguments)
    {
        // Whoever is started in the background, as CI may be, has SIGINT ignored, and so have its children: env (coreutils) undoes that and
        // becomes the tool.
        var start = new ProcessStartInfo("env")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add("--default-signal=INT");
        Array.ForEach([.. BuiltTool.Command, .. arguments], start.ArgumentList.Add);
        return new ToolProcess(Process.Start(start)!);
    }

    /// <summary>Runs the tool to its end.</summary>
    public static async Task<ToolResult> RunAsync(string[] arguments, string input = "")
    {
        using ToolProcess tool = Start(arguments);
        Task<string> output = tool.Output.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            await tool.Input.WriteAsync(input);
            tool.Input.Close();
        }
        catch (IOException)
        {
            // It did not want to hear all of it.
        }

        int code = await tool.WaitAsync();
        return new ToolResult(code, [.. (await output).Split('\n').SkipLast(1)], await tool.Errors);
    }

    public async Task<string> ReadLineAsync() =>
        await Output.ReadLineAsync(TestContext.Current.CancellationToken) ?? throw new EndOfStreamException(await Errors);

    public async Task SendAsync(string line)
    {
        await Input.WriteLineAsync(line);
        await Input.FlushAsync();
    }

    public async Task<int> WaitAsync()
    {
        await Process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return Process.ExitCode;
    }

    public void Dispose()
    {
        if (!Process.HasExited)
        {
            Process.Kill();
            Process.WaitForExit();
        }

        Process.Dispose();
    }
}

public sealed record ToolResult(int Code, IReadOnlyList<string> Lines, string Errors);
