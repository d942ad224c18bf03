using System;
using System.Diagnostics;

namespace SafeStore.Cli.Torture;

/// <summary>How far long work has come, on one line of the terminal that is overwritten; nothing in a file or pipe.</summary>
internal sealed class ProgressLine : IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    private readonly bool _isShown = !Console.IsErrorRedirected;
    private readonly Stopwatch _since = Stopwatch.StartNew();
    private readonly System.Threading.Lock _gate = new();
    private int _width;

    /// <summary>Shows it, unless something was shown a moment ago. From any thread.</summary>
    public void Show(string text)
    {
        lock (_gate)
        {
            if (_isShown && _since.Elapsed >= s_interval)
            {
                _since.Restart();
                Overwrite(text);
            }
        }
    }

    /// <summary>Takes it away, so that something else can be written.</summary>
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
        string shown = Console.WindowWidth > 0 && text.Length >= Console.WindowWidth ? text[..(Console.WindowWidth - 1)] : text;
        Console.Error.Write($"\r{shown.PadRight(_width)}{(shown.Length == 0 ? "\r" : "")}");
        _width = shown.Length;
    }
}
