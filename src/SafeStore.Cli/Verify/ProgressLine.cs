using System;
using System.Threading;
using SafeStore.Operations;

namespace SafeStore.Cli.Verify;

/// <summary>How far a verification has come, on stderr: when that is a terminal and the work takes long.</summary>
internal sealed class ProgressLine : IProgress<VerifyProgress>, IDisposable
{
    private const string EraseLine = "\r\u001b[K";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    private readonly bool _isTerminal =
        !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
    private readonly Lock _gate = new();
    private long _next = TimeProvider.System.GetTimestamp() + (long)(s_patience.TotalSeconds * TimeProvider.System.TimestampFrequency);
    private bool _isShown;

    /// <summary>The last that was reported.</summary>
    public VerifyProgress Last { get; private set; } = new(0, 0, 0, 0);

    public void Report(VerifyProgress value)
    {
        lock (_gate)
        {
            Last = value;
            long now = TimeProvider.System.GetTimestamp();
            if (_isTerminal && now >= _next)
            {
                _next = now + (long)(s_pause.TotalSeconds * TimeProvider.System.TimestampFrequency);
                _isShown = true;
                Console.Error.Write($"{EraseLine}{value.Sandboxes} of {value.All} sandboxes, {value.Documents} documents");
            }
        }
    }

    /// <summary>Takes the line away, so that others can be written; the next report shows it again.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            if (_isShown)
            {
                _isShown = false;
                Console.Error.Write(EraseLine);
            }
        }
    }

    public void Dispose() => Clear();
}
