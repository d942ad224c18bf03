using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Diagnostics;

namespace SafeStore.Sandboxes;

/// <content>Undoing what is left, and removing.</content>
public sealed partial class SandboxStore
{
    /// <summary>
    /// Undoes what was not completed in all sandboxes, one after the other, as each one's next exclusive lock would: for the start of a
    /// program. A sandbox that is locked is left to its holder; nothing is waited for.
    /// </summary>
    /// <param name="cancellationToken">Ends it between two steps; also given to the undo handlers.</param>
    /// <returns>
    /// One result for each sandbox in which something was to be undone, sorted by id; what kept a sandbox from being undone is in its
    /// result.
    /// </returns>
    /// <exception cref="StoreReadOnlyException">The store is read-only.</exception>
    /// <exception cref="StoreFaultedException">The store is, or has become, faulted.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="StorageException">A root cannot be listed.</exception>
    public async ValueTask<IReadOnlyList<UndoResult>> UndoAllAsync(CancellationToken cancellationToken = default)
    {
        using Observation? undoing = SandboxTelemetry.UndoAll(Store);
        try
        {
            List<UndoResult> results = await UndoEachAsync(cancellationToken).ConfigureAwait(false);
            undoing?.Found(results.Count);
            return results;
        }
        catch (Exception failure)
        {
            undoing?.Fail(failure);
            throw;
        }
    }

    /// <summary>
    /// Locks a sandbox and removes it with everything in it, as <see cref="StateStore.RemoveSandboxAsync"/>, whose exceptions this throws
    /// too; what is to be undone in it is undone first.
    /// </summary>
    /// <param name="sandbox">Its id.</param>
    /// <param name="timeout">How long to wait for its lock; null for <see cref="StoreOptions.LockTimeout"/>.</param>
    /// <param name="cancellationToken">Honoured until the removal is put into the log; also given to the undo handlers.</param>
    /// <returns>The LSN of the removal.</returns>
    /// <exception cref="UndoFailedException">An undo handler failed or is missing; the sandbox is still there.</exception>
    /// <exception cref="PendingIntentsException">
    /// The record of its intents is damaged: lock it with <see cref="PendingIntents.Keep"/>, and remove it so.
    /// </exception>
    public async ValueTask<Lsn> RemoveSandboxAsync(
        string sandbox, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        using Observation? removing = SandboxTelemetry.Remove(Store, sandbox);
        try
        {
            return await RemoveOneAsync(sandbox, timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            removing?.Fail(failure);
            throw;
        }
    }

    private async ValueTask<Lsn> RemoveOneAsync(string sandbox, TimeSpan? timeout, CancellationToken cancellation)
    {
        if (ReadRecord(sandbox) is null)
        {
            return await Store.RemoveSandboxAsync(sandbox, timeout, cancellation).ConfigureAwait(false);
        }

        ModelLock held =
            await LockAsync(sandbox, LockMode.Exclusive, timeout, PendingIntents.Keep, cancellation).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            return await RemoveAsync(held, cancellation).ConfigureAwait(false);
        }
    }

    private static async ValueTask<Lsn> RemoveAsync(ModelLock held, CancellationToken cancellation) =>
        await held.Ledger().UndoAsync(cancellation).ConfigureAwait(false) // one that was only being made goes with its last intent
        ?? await held.Change().RemoveSandbox().CommitAsync(cancellation).ConfigureAwait(false);

    private async ValueTask<List<UndoResult>> UndoEachAsync(CancellationToken cancellation)
    {
        var results = new List<UndoResult>();
        foreach (string sandbox in Store.ListSandboxes().Where(HasRecord))
        {
            try
            {
                results.AddRange(await UndoOneAsync(sandbox, cancellation).ConfigureAwait(false));
            }
            catch (NotFoundException)
            {
                // Another process has undone and removed it meanwhile.
            }
            catch (SafeStoreException failure) when (failure is not (StoreFaultedException or StoreReadOnlyException))
            {
                results.Add(new UndoResult(sandbox, [], IsRemoved: false, failure));
            }
        }

        return results;
    }

    private async ValueTask<IReadOnlyList<UndoResult>> UndoOneAsync(string sandbox, CancellationToken cancellation)
    {
        ModelLock held =
            await LockAsync(sandbox, LockMode.Exclusive, TimeSpan.Zero, PendingIntents.Keep, cancellation).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            (IReadOnlyList<Intent> before, Lsn? removal, SafeStoreException? failure) = (held.Intents, null, null);
            try
            {
                removal = await held.Ledger().UndoAsync(cancellation).ConfigureAwait(false);
            }
            catch (SafeStoreException left) when (left is not StoreFaultedException)
            {
                failure = left;
            }

            Intent[] undone = [.. before.Skip(held.Intents.Count).Reverse()];
            return undone.Length == 0 && removal is null && failure is null ? []
                : [new UndoResult(sandbox, undone, removal is not null, failure)];
        }
    }

    /// <summary>Whether something is recorded as to be undone, or the record does not say.</summary>
    private bool HasRecord(string sandbox)
    {
        try
        {
            return Store.Read(sandbox, Model.Intents) is { } record && (record.Intents.Count > 0 || record.Creating);
        }
        catch (SafeStoreException)
        {
            return true; // the lock says why
        }
    }

    private IntentDocument? ReadRecord(string sandbox)
    {
        try
        {
            return Store.Read(sandbox, Model.Intents);
        }
        catch (SafeStoreException)
        {
            return null;
        }
    }
}
