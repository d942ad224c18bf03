using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Diagnostics;
using SafeStore.Vocabulary;

namespace SafeStore;

/// <content>Listings, and reading all of a sandbox.</content>
public sealed partial class StateStore
{
    /// <summary>The ids of all sandboxes, sorted. Takes no lock.</summary>
    /// <exception cref="StorageException">A root cannot be listed.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public IReadOnlyList<string> ListSandboxes()
    {
        _open.ThrowIfClosed();
        using Observation? listing = _engine.Telemetry.List();
        try
        {
            List<string> sandboxes = _engine.Reader.ListSandboxes();
            listing?.Found(sandboxes.Count);
            return sandboxes;
        }
        catch (Exception failure)
        {
            listing?.Fail(failure);
            throw;
        }
    }

    /// <summary>Whether a sandbox exists. Takes no lock: it may come or go right after.</summary>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <exception cref="ArgumentException">The id is not allowed.</exception>
    /// <exception cref="StorageException">The operating system refused to look.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public bool Exists(string sandbox)
    {
        Identifier.CheckSandbox(sandbox, nameof(sandbox));
        _open.ThrowIfClosed();
        return _engine.Reader.HasDirectory(sandbox);
    }

    /// <summary>Whether a container exists. Takes no lock: it may come or go right after.</summary>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="container">The container's id.</param>
    /// <exception cref="ArgumentException">An id is not allowed.</exception>
    /// <exception cref="StorageException">The operating system refused to look.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public bool Exists(string sandbox, string container)
    {
        Identifier.CheckSandbox(sandbox, nameof(sandbox));
        Identifier.CheckContainer(container, nameof(container));
        _open.ThrowIfClosed();
        return _engine.Reader.HasDirectory($"{sandbox}/{container}");
    }

    /// <summary>The ids of a sandbox's containers, sorted; none if the sandbox does not exist. Takes no lock.</summary>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <exception cref="ArgumentException">The id is not allowed.</exception>
    /// <exception cref="StorageException">A directory cannot be listed.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public IReadOnlyList<string> ListContainers(string sandbox)
    {
        Identifier.CheckSandbox(sandbox, nameof(sandbox));
        _open.ThrowIfClosed();
        return _engine.Reader.ListContainers(sandbox);
    }

    /// <summary>The documents of a sandbox and its containers, sorted; none if it does not exist. Takes no lock.</summary>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <exception cref="ArgumentException">The id is not allowed.</exception>
    /// <exception cref="StorageException">A directory cannot be listed.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public IReadOnlyList<DocumentId> ListDocuments(string sandbox)
    {
        Identifier.CheckSandbox(sandbox, nameof(sandbox));
        _open.ThrowIfClosed();
        return _engine.Reader.ListDocuments(sandbox);
    }

    /// <summary>
    /// Reads all documents of a sandbox as they are at one point in time, under its shared lock, each with its bytes or its error.
    /// </summary>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="timeout">How long to wait for the lock; null for <see cref="StoreOptions.LockTimeout"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">The id is not allowed, or the time-out is negative.</exception>
    /// <exception cref="NotFoundException">The sandbox does not exist.</exception>
    /// <exception cref="LockTimeoutException">The time is up.</exception>
    /// <exception cref="LockAlreadyHeldException">This flow of execution holds the lock already; read with that.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="StorageException">A directory cannot be listed.</exception>
    public async ValueTask<SandboxSnapshot> SnapshotAsync(
        string sandbox, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        await using SandboxLock held = await LockAsync(sandbox, LockMode.Shared, timeout, cancellationToken).ConfigureAwait(false);
        return new SandboxSnapshot(sandbox, held.Version, [.. ReadAllJson(sandbox)]);
    }

    /// <summary>
    /// Reads all documents of a sandbox, each with its bytes or its error, without any lock: each is whole, the set may be of several
    /// moments.
    /// </summary>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <exception cref="ArgumentException">The id is not allowed.</exception>
    /// <exception cref="StorageException">A directory cannot be listed.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public IEnumerable<DocumentResult<byte[]>> ReadAllJson(string sandbox) => ReadEach(ListDocuments(sandbox));

    private IEnumerable<DocumentResult<byte[]>> ReadEach(IReadOnlyList<DocumentId> documents)
    {
        for (int i = 0; i < documents.Count; i++)
        {
            if (_engine.Reader.ReadJsonOrError(documents[i]) is { } result)
            {
                yield return result;
            }
        }
    }
}
