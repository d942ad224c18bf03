using System;

namespace SafeStore.Cli;

/// <summary>Shows on the line what work tells of itself.</summary>
internal sealed class ShownProgress<T>(ProgressLine line, Func<T, FormattableString> text) : IProgress<T>
{
    /// <summary>The last that was told; default if nothing was.</summary>
    public T? Last { get; private set; }

    public void Report(T value)
    {
        Last = value;
        line.Show(text(value));
    }
}
