using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Changes;

namespace SafeStore.Operations;

/// <summary>
/// The committed changes of an open store, by this and other processes, read from its log: in the order of their LSNs, none twice, none
/// left out. What is given is durable and visible: the documents show it, or something later. A reader that falls behind holds up nothing,
/// keeps no file open and no part of the log.
/// </summary>
public static class StoreWatching
{
    /// <summary>Gives the changes from an LSN on, and waits for further ones until it is cancelled.</summary>
    /// <param name="store">The store.</param>
    /// <param name="from">The first to give, the LSN after the last one that is known; null for what is committed from now on.</param>
    /// <param name="cancellationToken">Ends it at once.</param>
    /// <exception cref="ChangesNotInLogException">
    /// The log does not hold the changes from there on, or a checkpoint has released those that were not read yet: use
    /// <see cref="FollowAsync"/>.
    /// </exception>
    /// <exception cref="LogCorruptException">The log is damaged.</exception>
    /// <exception cref="StoreFaultedException">The store is faulted; what was given stands.</exception>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    /// <exception cref="ObjectDisposedException">The store was closed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static IAsyncEnumerable<StoreChange> WatchAsync(
        this StateStore store, Lsn? from = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return EachAsync(store, from, cancellationToken);
    }

    /// <summary>
    /// The LSN of the last transaction in the log. To miss no change of what a program reads, ask for it, then read, then watch from the
    /// LSN after it.
    /// </summary>
    /// <param name="store">The store.</param>
    /// <param name="cancellationToken">Ends the wait for the log's lock.</param>
    /// <exception cref="LogCorruptException">The log is damaged.</exception>
    /// <exception cref="StoreFaultedException">The store is faulted.</exception>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    /// <exception cref="ObjectDisposedException">The store was closed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static ValueTask<Lsn> FindLastAsync(this StateStore store, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.FindLastLsnAsync(cancellationToken);
    }

    /// <summary>
    /// Gives each sandbox as it is, then <see cref="ListingEnd"/>, then the changes from there on until it is cancelled. A change that a
    /// sandbox already shows is left out of it: to apply what comes, in order, leads to the state of the store. Each sandbox is locked,
    /// shared, while it is read.
    /// </summary>
    /// <param name="store">The store; not one that was opened read-only.</param>
    /// <param name="cancellationToken">Ends it at once.</param>
    /// <exception cref="ChangesNotInLogException">
    /// A checkpoint has released changes that were not read yet: begin anew, and read faster.
    /// </exception>
    /// <exception cref="LockAlreadyHeldException">This flow of execution holds a sandbox's lock.</exception>
    /// <exception cref="LogCorruptException">The log is damaged.</exception>
    /// <exception cref="StoreFaultedException">The store is faulted; what was given stands.</exception>
    /// <exception cref="StoreReadOnlyException">The store was opened read-only.</exception>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    /// <exception cref="ObjectDisposedException">The store was closed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static IAsyncEnumerable<FollowItem> FollowAsync(this StateStore store, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return ListAndFollowAsync(store, cancellationToken);
    }

    /// <summary>The first transaction has LSN 1.</summary>
    internal static Lsn? Checked(Lsn? from) => from is { } first ? Lsn.Max(first, new Lsn(1)) : null;

    private static async IAsyncEnumerable<StoreChange> EachAsync(
        StateStore store, Lsn? from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using ChangeReader changes = store.ReadChanges(Checked(from));
        while (true)
        {
            yield return StoreChange.Of(await store.NextAsync(changes, cancellation).ConfigureAwait(false));
        }
    }

    private static async IAsyncEnumerable<FollowItem> ListAndFollowAsync(
        StateStore store, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Lsn listed = await store.AwaitCreationsAsync(cancellation).ConfigureAwait(false);
        var versions = new Dictionary<string, Lsn>(StringComparer.Ordinal);
        foreach (string sandbox in store.ListSandboxes())
        {
            FollowItem? item = null;
            try
            {
                item = new ListedSandbox(await store.SnapshotAsync(sandbox, null, cancellation).ConfigureAwait(false));
            }
            catch (NotFoundException)
            {
                continue; // removed since it was listed
            }
            catch (SafeStoreException failure) when (failure is not StoreFaultedException)
            {
                item = new UnreadableSandbox(sandbox, failure);
            }

            versions[sandbox] = item is ListedSandbox { Snapshot.Version: var version } ? version : default;
            yield return item;
        }

        yield return new ListingEnd(listed);
        await foreach (StoreChange change in EachAsync(store, listed.Next, cancellation).ConfigureAwait(false))
        {
            ChangedSandbox[] later = [.. change.Sandboxes.Where(each => change.Lsn > versions.GetValueOrDefault(each.Sandbox))];
            if (later.Length > 0)
            {
                yield return change with { Sandboxes = later };
            }
        }
    }
}
