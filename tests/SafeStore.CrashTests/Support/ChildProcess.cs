using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading.Tasks;

namespace SafeStore.CrashTests.Support;

/// <summary>Another process that does what the test tells it, and that the test kills. Killed at the latest when disposed.</summary>
internal sealed class ChildProcess : IDisposable
{
    /// <summary>No test depends on it; it ends one that hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Process _process;
    private readonly Task<string> _errors;

    /// <param name="layout">The store.</param>
    /// <param name="wrapper">A program that becomes the child, and its arguments: <c>env</c>, <c>setpriv</c>.</param>
    public ChildProcess(StoreLayout layout, params string[] wrapper)
    {
        string dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        string program = Path.Combine(AppContext.BaseDirectory, "SafeStore.CrashTests.Child.dll");
        string[] command = [.. wrapper, dotnet, program, layout.Config, layout.Run];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_TieredCompilation"] = "1";
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        _process = Process.Start(start)!;
        _errors = _process.StandardError.ReadToEndAsync();
    }

    public int Id => _process.Id;

    public static ChildProcess Open(StoreLayout layout)
    {
        var child = new ChildProcess(layout);
        child.Expect("open");
        return child;
    }

    public void Send(string command)
    {
        _process.StandardInput.WriteLine(command);
        _process.StandardInput.Flush();
    }

    /// <summary>The next line; null when it has ended.</summary>
    public string? ReadLine()
    {
        Task<string?> line = _process.StandardOutput.ReadLineAsync();
        return line.Wait(Patience) ? line.Result : throw new TimeoutException("The child process does not answer. " + State());
    }

    /// <summary>Sends a command and returns the answer.</summary>
    public string Ask(string command)
    {
        Send(command);
        return ReadLine() ?? throw new InvalidOperationException($"The child process ended at '{command}': {_errors.Result}");
    }

    /// <summary>Sends a command that must succeed, and returns what it says after "ok".</summary>
    public string Expect(string command)
    {
        string answer = Ask(command);
        return answer.StartsWith("ok ", StringComparison.Ordinal) ? answer[3..]
            : throw new InvalidOperationException($"'{command}' gave '{answer}'. {State()}");
    }

    public long ExpectNumber(string command) => long.Parse(Expect(command), CultureInfo.InvariantCulture);

    /// <summary>SIGKILL; returns what it had said before.</summary>
    public List<string> Kill()
    {
        _process.Kill();
        return ReadToEnd();
    }

    /// <summary>A signal that ends it.</summary>
    /// <returns>Its exit code, and what it had said before.</returns>
    public (int Code, List<string> Said) End(string signal)
    {
        Tool.Run("kill", "-" + signal, _process.Id.ToString(CultureInfo.InvariantCulture));
        List<string> rest = ReadToEnd();
        return (_process.ExitCode, rest);
    }

    /// <summary>Ends its input, which ends it.</summary>
    public void End()
    {
        _process.StandardInput.Close();
        List<string> rest = ReadToEnd();
        if (_process.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"The child process ended with {_process.ExitCode}: {string.Join('\n', rest)} {_errors.Result}");
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private List<string> ReadToEnd()
    {
        var rest = new List<string>();
        while (ReadLine() is { } line)
        {
            rest.Add(line);
        }

        _process.WaitForExit();
        return rest;
    }

    private string State() => _process.HasExited ? $"It has ended with {_process.ExitCode}: {_errors.Result}" : "It lives.";
}
