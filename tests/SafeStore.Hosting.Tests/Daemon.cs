using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading.Tasks;

namespace SafeStore.Hosting.Tests;

/// <summary>The program with a host, as a process that counts until it is told to end. Killed at the latest when disposed.</summary>
internal sealed class Daemon : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    private Daemon(ProcessStartInfo start)
    {
        _process = Process.Start(start)!;
        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>The highest number of each sandbox that it said was durable.</summary>
    public Dictionary<string, long> Said { get; } = new(StringComparer.Ordinal);

    /// <param name="directory">The store's.</param>
    /// <param name="isDeaf">Whether its service does not heed the end of its host.</param>
    public static Daemon Start(string directory, bool isDeaf = false) => new(Command(directory, isDeaf));

    /// <summary>As systemd starts a service with a watchdog: as a child of a program that is called so.</summary>
    /// <param name="directory">The store's.</param>
    /// <param name="manager">Where a shell is to lie that is called systemd.</param>
    /// <param name="socket">The socket for notifications.</param>
    /// <param name="watchdog">The watchdog's time.</param>
    public static Daemon StartUnderSystemd(string directory, string manager, string socket, TimeSpan watchdog)
    {
        File.Copy("/bin/sh", manager);
        ProcessStartInfo start = Command(directory, isDeaf: false);
        string[] command = [start.FileName, .. start.ArgumentList];
        start.FileName = manager;
        start.ArgumentList.Clear();
        foreach (string word in (string[])["-c", "\"$@\" & trap 'kill -TERM $!' TERM; wait $!; wait $!", "sh", .. command])
        {
            start.ArgumentList.Add(word);
        }

        start.Environment["NOTIFY_SOCKET"] = socket;
        start.Environment["WATCHDOG_USEC"] = watchdog.TotalMicroseconds.ToString(CultureInfo.InvariantCulture);
        return new Daemon(start);
    }

    /// <summary>Waits until it has said so many numbers.</summary>
    public async Task ExpectAsync(int numbers)
    {
        for (int i = 0; i < numbers; i++)
        {
            Note(await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"It has ended: {await _errors}"));
        }
    }

    /// <summary>SIGTERM; waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync();
        }

        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            Note(line);
        }

        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private static ProcessStartInfo Command(string directory, bool isDeaf)
    {
        string dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        string program = Path.Combine(AppContext.BaseDirectory, "SafeStore.Hosting.Tests.Child.dll");
        return new ProcessStartInfo(dotnet, [program, directory, isDeaf ? "deaf" : "heedful"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
    }

    private void Note(string line)
    {
        string[] words = line.Split(' ');
        Said[words[0]] = long.Parse(words[1], CultureInfo.InvariantCulture);
    }
}
