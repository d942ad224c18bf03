using System;
using System.Buffers;

namespace SafeStore.Log;

/// <summary>The bytes of one batch, from the shared pool.</summary>
internal readonly struct BatchBuffer(int bytes) : IDisposable
{
    private readonly byte[] _array = ArrayPool<byte>.Shared.Rent(bytes);

    public Span<byte> Bytes => _array;

    public void Dispose() => ArrayPool<byte>.Shared.Return(_array);
}
