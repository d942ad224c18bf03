using System;
using System.Threading;
using SafeStore.FileSystem;

namespace SafeStore;

/// <content>Reading everything, quickly.</content>
public sealed partial class StateStore
{
    /// <summary>
    /// Begins to read many sandboxes, from the pack where there is one that can be believed. Reading takes less than six tenths of the time then that it takes file by file (docs/performance.md, W6).
    /// </summary>
    /// <returns>The reader; dispose it when all is read. It is of no use after this store is closed.</returns>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public BulkReader ReadInBulk()
    {
        using OpenLocks.Call use = _open.Use();
        return new BulkReader(this, _engine.OpenPack());
    }

    /// <summary>
    /// Copies the documents of all sandboxes into one file, the pack (<c>pack</c> in the config root's metadata directory, mode 0600), from which <see cref="ReadInBulk"/> reads what has not changed since, by inode, size and times. Worth its
    /// time before a program that will read everything ends, or now and then; nothing else writes it. Nothing is durable on return that was not before, and nothing need be: after a reboot the pack counts for nothing, and a crash of the store removes it. It may be deleted at any time.
    /// </summary>
    /// <remarks>Whoever may read the pack reads all documents. Takes some 70 µs per sandbox of three documents, and a few times the largest sandbox in memory; closing the store waits for it.</remarks>
    /// <param name="cancellationToken">Ends it; the old pack, if there was one, stands.</param>
    /// <returns>What it holds.</returns>
    /// <exception cref="StorageException">The operating system refused a call, for want of space perhaps, or tells neither the times of files nor which run of the machine this is, or a root lies on a filesystem of an unknown kind; the old pack, if there was one, stands.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public PackSummary Pack(CancellationToken cancellationToken = default)
    {
        using OpenLocks.Call use = _open.Use();
        return _engine.WritePack(cancellationToken);
    }

    internal void ThrowIfClosed() => _open.ThrowIfClosed();
}
