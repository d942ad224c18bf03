using System;
using System.Diagnostics;
using System.IO;
using System.Reflection;
using System.Text.Json;
using System.Threading.Tasks;

namespace SafeStore.Benchmarks.Running;

/// <summary>This program once more, as a process of its own that answers with one line of JSON.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private readonly Process _process;

    private WorkerProcess(Process process) => _process = process;

    public static WorkerProcess Start(params string[] arguments) => StartFrom(null, arguments);

    /// <param name="directory">Where the program lies; null for this one's directory.</param>
    /// <param name="arguments">What it is to do.</param>
    public static WorkerProcess StartFrom(string? directory, params string[] arguments)
    {
        string self = directory is null ? Environment.ProcessPath! : Path.Join(directory, Assembly.GetExecutingAssembly().GetName().Name);
        bool isHost = Path.GetFileNameWithoutExtension(self) == "dotnet";
        var start = new ProcessStartInfo(self, isHost ? [Assembly.GetExecutingAssembly().Location, .. arguments] : arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        return new WorkerProcess(Process.Start(start)!);
    }

    /// <summary>Waits until it has said that it is ready.</summary>
    public async Task WaitUntilReadyAsync()
    {
        if (await _process.StandardOutput.ReadLineAsync() != "ready")
        {
            throw new IOException("A worker ended before it was ready.");
        }
    }

    public async Task GoAsync()
    {
        await _process.StandardInput.WriteLineAsync("go");
        await _process.StandardInput.FlushAsync();
    }

    public async Task<T> AnswerAsync<T>()
    {
        string? line = await _process.StandardOutput.ReadLineAsync();
        await _process.WaitForExitAsync();
        return line is null ? throw new IOException($"A worker ended with {_process.ExitCode}, without an answer.")
            : JsonSerializer.Deserialize<T>(line)!;
    }

    /// <summary>Waits for its end, whatever it is.</summary>
    public Task EndAsync() => _process.WaitForExitAsync();

    public void Dispose() => _process.Dispose();
}
