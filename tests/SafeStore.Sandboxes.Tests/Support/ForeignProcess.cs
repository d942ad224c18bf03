using System;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;

namespace SafeStore.Sandboxes.Tests.Support;

/// <summary>A program that is not SafeStore. Ended by its input, or killed; killed at the latest when it is disposed.</summary>
internal sealed class ForeignProcess : IDisposable
{
    private readonly Process _process;

    private ForeignProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public static ForeignProcess Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };
        try
        {
            return new ForeignProcess(Process.Start(start)!);
        }
        catch (Win32Exception failure)
        {
            throw new InvalidOperationException(
                $"The program '{program}' cannot be started; flock is in the package util-linux. {failure.Message}", failure);
        }
    }

    /// <summary>A single process that has a lock file's flock once this returns, until it is ended.</summary>
    public static async Task<ForeignProcess> HoldAsync(string file, LockMode mode = LockMode.Exclusive)
    {
        ForeignProcess holder = Start("flock", "--no-fork", OptionOf(mode), file, "sh", "-c", "echo held; exec cat");
        string line = await holder.ReadLineAsync();
        return line == "held" ? holder : throw new InvalidDataException(line);
    }

    /// <summary>A process that has said "waits" once this returns, and says "held" when it has a lock file's flock.</summary>
    public static async Task<ForeignProcess> WaitForAsync(string file, LockMode mode = LockMode.Exclusive)
    {
        ForeignProcess waiter =
            Start("sh", "-c", """echo waits; exec flock --no-fork "$1" "$2" sh -c 'echo held; exec cat'""", "sh", OptionOf(mode), file);
        string line = await waiter.ReadLineAsync();
        return line == "waits" ? waiter : throw new InvalidDataException(line);
    }

    /// <summary>Whether a lock file's flock is free for somebody else at this moment.</summary>
    public static async Task<bool> CanLockAsync(string file, LockMode mode = LockMode.Exclusive)
    {
        using ForeignProcess flock = Start("flock", "--nonblock", OptionOf(mode), file, "true");
        return await flock.EndAsync() == 0;
    }

    public async Task<string> ReadLineAsync() => await _process.StandardOutput.ReadLineAsync() ?? throw new EndOfStreamException();

    /// <summary>Closes its input and waits for its end.</summary>
    public async Task<int> EndAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>Ends it as SIGKILL does, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
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

    private static string OptionOf(LockMode mode) => mode == LockMode.Shared ? "--shared" : "--exclusive";
}
