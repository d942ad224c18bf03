using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading.Tasks;

namespace SafeStore.Hosting.Tests;

/// <summary>The program with a host, as a process that counts until it is told to end. Killed at the latest when disposed.</summary>
internal sealed class Daemon : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    private readonly string _socket;

    private Daemon(ProcessStartInfo start, string directory)
    {
        _socket = SocketOf(directory);
        _process = Process.Start(start)!;
        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>The highest number of each sandbox that it said was durable.</summary>
    public Dictionary<string, long> Said { get; } = new(StringComparer.Ordinal);

    /// <param name="directory">The store's.</param>
    /// <param name="isDeaf">Whether its service does not heed the end of its host.</param>
    public static Daemon Start(string directory, bool isDeaf = false) => new(Command(directory, isDeaf), directory);

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
        return new Daemon(start, directory);
    }

    /// <summary>The answer of its health endpoint.</summary>
    public async Task<(HttpStatusCode Status, string Text)> AskHealthAsync()
    {
        using var client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(_socket), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        using HttpResponseMessage answer = await client.GetAsync(new Uri("http://daemon/health"));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
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
        return new ProcessStartInfo(dotnet, [program, directory, SocketOf(directory), isDeaf ? "deaf" : "heedful"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
    }

    private static string SocketOf(string directory) => directory + ".socket";

    private void Note(string line)
    {
        string[] words = line.Split(' ');
        Said[words[0]] = long.Parse(words[1], CultureInfo.InvariantCulture);
    }
}
