using System;
using System.Collections.Generic;
using System.Threading;
using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Packs;

namespace SafeStore;

/// <summary>
/// Reads many sandboxes at once, as a program does when it starts: what <see cref="StateStore.ListSandboxes"/> and <see cref="StateStore.ReadAllJson(string)"/> would read, from the pack where
/// there is one (<see cref="StateStore.Pack"/>) and the files are as they were when it was made, else from the files. All members may be used from any thread; dispose it when all is read.
/// </summary>
/// <example>
/// <code>
/// using BulkReader reader = store.ReadInBulk();
/// Parallel.ForEach(reader.ListSandboxes(), sandbox => Load(sandbox, reader.ReadAllJson(sandbox)));
/// </code>
/// </example>
public sealed class BulkReader : IDisposable
{
    private readonly StateStore _store;
    private readonly PackReader? _pack;
    private int _packed;
    private bool _isDisposed;

    internal BulkReader(StateStore store, PackReader? pack) => (_store, _pack) = (store, pack);

    /// <summary>How many reads of a sandbox were answered from the pack.</summary>
    public int ReadsFromPack => Volatile.Read(ref _packed);

    /// <summary>The ids of all sandboxes, sorted. Takes no lock.</summary>
    /// <exception cref="StorageException">A root cannot be listed.</exception>
    /// <exception cref="ObjectDisposedException">The store, or this, is closed.</exception>
    public IReadOnlyList<string> ListSandboxes()
    {
        ThrowIfClosed();
        return _pack?.ListSandboxes() ?? _store.ListSandboxes();
    }

    /// <summary>
    /// Reads all documents of a sandbox, sorted, each with its bytes or its error, without any lock: each is whole and as it was at some moment of the call, the set may be of several moments; none if the sandbox does not exist.
    /// </summary>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <exception cref="ArgumentException">The id is not allowed.</exception>
    /// <exception cref="StorageException">A directory cannot be listed.</exception>
    /// <exception cref="ObjectDisposedException">The store, or this, is closed.</exception>
    public IReadOnlyList<DocumentResult<byte[]>> ReadAllJson(string sandbox)
    {
        Identifier.CheckSandbox(sandbox, nameof(sandbox));
        ThrowIfClosed();
        if (_pack?.TryRead(sandbox) is not { } packed)
        {
            return [.. _store.ReadAllJson(sandbox)];
        }

        Interlocked.Increment(ref _packed);
        return packed.Documents.ConvertAll(static document => new DocumentResult<byte[]>(document.Id, document.Content, null));
    }

    /// <summary>Closes the pack.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _isDisposed, true);
        _pack?.Dispose();
    }

    private void ThrowIfClosed()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed), this);
        _store.ThrowIfClosed();
    }
}
