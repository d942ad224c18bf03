using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace SafeStore.Cli;

/// <summary>
/// Why a command ends before its work is done, and the exit code for it; the first reason counts. SIGTERM and SIGINT are such reasons:
/// the command finishes what is under way. A second signal ends the process at once, which a store survives.
/// </summary>
internal sealed class Ending : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private int _code;

    public Ending()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => OnSignal(context, ExitCode.Interrupted));
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => OnSignal(context, ExitCode.Terminated));
    }

    /// <summary>Cancelled when the command is to begin nothing new.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>The exit code; 0 while there is no reason to end.</summary>
    public int Code => Volatile.Read(ref _code);

    /// <summary>
    /// What the command has changed last, as a sentence, set before it is told on standard output: if that cannot be written, the message
    /// on stderr begins with it. Null if nothing is changed.
    /// </summary>
    public string? Change { get; set; }

    public void Because(int code)
    {
        if (Interlocked.CompareExchange(ref _code, code, 0) == 0)
        {
            _stop.Cancel();
        }
    }

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _stop.Dispose();
    }

    private void OnSignal(PosixSignalContext context, int code)
    {
        context.Cancel = Code == 0;
        Because(code);
    }
}
