using System;
using System.Collections.Generic;

namespace SafeStore.FileSystem;

/// <summary>What has been opened so far, closed again unless an owner takes it over.</summary>
internal sealed class OwnedParts : IDisposable
{
    private readonly Stack<IDisposable> _parts = new();

    public T Add<T>(T part)
        where T : IDisposable
    {
        _parts.Push(part);
        return part;
    }

    public void Disown() => _parts.Clear();

    public void Dispose()
    {
        while (_parts.TryPop(out IDisposable? part))
        {
            part.Dispose();
        }
    }
}
