using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Threading.Tasks;

namespace SafeStore.Cli.Demo;

/// <summary>A writer process as the demo sees it: its acknowledgements go into the ledger as they come.</summary>
internal sealed class WriterProcess : IDisposable
{
    private readonly Process _process;
    private readonly TaskCompletionSource _atWork = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private readonly Task<string> _complaints;

    private WriterProcess(Process process, Ledger ledger)
    {
        _process = process;
        _reading = ReadAsync(ledger);
        _complaints = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Completes with its first acknowledgement: from then on it is worth to be killed.</summary>
    public Task AtWork => _atWork.Task;

    public long RolledForward { get; private set; }

    public long RolledBack { get; private set; }

    public static WriterProcess Start(StoreLayout layout, int writer, int seed, Ledger ledger)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "SafeStore.Cli.dll"));
        }

        string[] arguments =
        [
            DemoWriterCommand.Name, "--config", layout.Config, "--run", layout.Run,
            "--writer", writer.ToString(CultureInfo.InvariantCulture), "--seed", seed.ToString(CultureInfo.InvariantCulture),
        ];
        Array.ForEach(arguments, start.ArgumentList.Add);
        return new WriterProcess(Process.Start(start)!, ledger);
    }

    /// <summary>SIGKILL. Returns when it is dead and all that it printed has been read.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: false);
        await _process.WaitForExitAsync();
        await _reading;
    }

    /// <summary>Lets it finish its transaction and end by itself.</summary>
    /// <exception cref="CommandException">It failed.</exception>
    public async Task FinishAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        await _reading;
        if (_process.ExitCode != 0)
        {
            throw await FailureAsync();
        }
    }

    /// <exception cref="CommandException">It has ended by itself, without having been told to.</exception>
    public async Task ThrowIfEndedAsync()
    {
        if (_process.HasExited)
        {
            throw await FailureAsync();
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: false);
        }

        _process.Dispose();
    }

    private async Task<CommandException> FailureAsync() =>
        new($"A writer process ended by itself with exit code {_process.ExitCode}: {(await _complaints).Trim()}");

    private async Task ReadAsync(Ledger ledger)
    {
        // A line without its end is one that the kill cut off: no acknowledgement.
        string text = string.Empty;
        char[] buffer = new char[4096];
        int count;
        while ((count = await _process.StandardOutput.ReadAsync(buffer)) > 0)
        {
            string[] lines = (text + new string(buffer, 0, count)).Split('\n');
            text = lines[^1];
            foreach (string line in lines.AsSpan(0, lines.Length - 1))
            {
                (RolledForward, RolledBack) = ledger.Enter(line);
                _atWork.TrySetResult();
            }
        }

        _atWork.TrySetResult(); // it is dead; the waiting caller looks at it
    }
}
