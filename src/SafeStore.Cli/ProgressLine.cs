using System;
using System.Threading;
using SafeStore.FileSystem;

namespace SafeStore.Cli;

/// <summary>
/// How far long work has come, on one line of the terminal that is overwritten, from its second second on; nothing in a file or pipe.
/// </summary>
internal sealed class ProgressLine : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    private readonly bool _isTerminal = !Console.IsErrorRedirected;
    private readonly Lock _gate = new();
    private TimeSpan _wait = s_patience;
    private long _since = TimeProvider.System.GetTimestamp();
    private int _width;

    /// <summary>Shows it, unless something was shown a moment ago. From any thread.</summary>
    public void Show(FormattableString text)
    {
        lock (_gate)
        {
            if (_isTerminal && TimeProvider.System.GetElapsedTime(_since) >= _wait)
            {
                _since = TimeProvider.System.GetTimestamp();
                _wait = s_pause;
                Overwrite(FormattableString.Invariant(text));
            }
        }
    }

    /// <summary>Takes it away, so that something else can be written; the next that is told is shown again.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            if (_width > 0)
            {
                Overwrite("");
            }
        }
    }

    public void Dispose() => Clear();

    /// <summary>Spaces and no escape sequence: these every terminal knows.</summary>
    private void Overwrite(string text)
    {
        string shown = TerminalSize.Columns(2) is var columns and > 0 && text.Length >= columns ? text[..(columns - 1)] : text;
        Console.Error.Write($"\r{shown.PadRight(_width)}{(shown.Length == 0 ? "\r" : "")}");
        _width = shown.Length;
    }
}
