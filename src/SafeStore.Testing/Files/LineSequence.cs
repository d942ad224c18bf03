using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Threading;

namespace SafeStore.Testing.Files;

/// <summary>The lines of a file: it is opened when this is made, so that errors come at once, and again for each further reading.</summary>
internal sealed class LineSequence : IEnumerable<string>, IAsyncEnumerable<string>
{
    private readonly Func<StreamReader> _open;
    private readonly CancellationToken _cancellation;
    private StreamReader? _first;

    internal LineSequence(Func<StreamReader> open, CancellationToken cancellation = default)
    {
        _open = open;
        _cancellation = cancellation;
        _first = open();
    }

    public IEnumerator<string> GetEnumerator()
    {
        using StreamReader reader = Reader();
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public async IAsyncEnumerator<string> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        using StreamReader reader = Reader();
        _cancellation.ThrowIfCancellationRequested();
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            yield return line;
            _cancellation.ThrowIfCancellationRequested();
        }
    }

    private StreamReader Reader() => Interlocked.Exchange(ref _first, null) ?? _open();
}
