using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;

namespace Minirun.Tests.Support;

/// <summary>A daemon that is killed at the latest when it is disposed.</summary>
internal sealed class DaemonProcess : IAsyncDisposable
{
    /// <summary>No test depends on it; it ends one that hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Task<string> _errors;
    private readonly Paths _paths;

    private DaemonProcess(Process process, Paths paths)
    {
        _process = process;
        _paths = paths;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>The program: natively compiled if the environment says where, which starts in a hundredth of the time.</summary>
    public static string Program { get; } =
        Environment.GetEnvironmentVariable("MINIRUN_PROGRAM") ?? Path.Join(AppContext.BaseDirectory, "minirun");

    public static DaemonProcess Start(Paths paths, string state, IReadOnlyDictionary<string, string>? environment = null)
    {
        File.Delete(paths.Socket); // what answers there from now on is this one
        var start = new ProcessStartInfo(Program, ["--root", paths.Root, "serve", "--state", state]) { RedirectStandardError = true };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new DaemonProcess(Process.Start(start)!, paths);
    }

    public static async Task<DaemonProcess> StartAndConnectAsync(Paths paths, string state)
    {
        DaemonProcess daemon = Start(paths, state);
        try
        {
            await (await daemon.ConnectAsync()).DisposeAsync();
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until it answers.</summary>
    public async Task<Client> ConnectAsync()
    {
        for (long start = Environment.TickCount64; ; await Task.Delay(2))
        {
            try
            {
                return await Client.ConnectAsync(_paths.Socket);
            }
            catch (MinirunException) when (!_process.HasExited && Environment.TickCount64 - start < Patience.TotalMilliseconds)
            {
                // It is sweeping.
            }
            catch (MinirunException) when (_process.HasExited)
            {
                throw new InvalidOperationException($"The daemon ended with {_process.ExitCode}: {await _errors}");
            }
        }
    }

    /// <exception cref="IOException">It died before it answered.</exception>
    public async Task<Answer> AskAsync(string verb, string id = "", params string[] command)
    {
        await using Client client = await ConnectAsync();
        return await client.AskAsync(new Request(verb, id, command));
    }

    /// <summary>SIGKILL. Commands that it has started go on.</summary>
    /// <returns>What it has said.</returns>
    public async Task<string> KillAsync()
    {
        _process.Kill();
        return await WaitAsync();
    }

    public async Task<string> WaitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return await _errors;
    }

    /// <summary>SIGTERM.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        await Shell.RunAsync("kill", "-TERM", $"{_process.Id}");
        await WaitAsync();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }
}
