using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Sandboxes;

/// <summary>
/// Changes to one or several locked sandboxes, all or nothing, with what becomes of their intents. It ends with its first
/// <see cref="CommitAsync"/>, whatever comes of it; one that is never committed has no effect.
/// </summary>
public sealed class ModelTransaction
{
    private readonly (ModelChange Change, SandboxChange Inner)[] _sandboxes;

    internal ModelTransaction(IReadOnlyList<(ModelLock Held, SandboxChange Inner)> sandboxes) =>
        _sandboxes = [.. sandboxes.Select(each => (new ModelChange(this, each.Held, each.Inner), each.Inner))];

    /// <summary>The change of one of the sandboxes that are locked for this transaction.</summary>
    /// <param name="sandbox">Its id.</param>
    /// <exception cref="ArgumentException">It is not one of them.</exception>
    public ModelChange For(string sandbox)
    {
        ArgumentNullException.ThrowIfNull(sandbox);
        return Array.Find(_sandboxes, each => each.Inner.Sandbox == sandbox).Change
            ?? throw new ArgumentException($"The sandbox '{sandbox}' is not locked for this transaction.", nameof(sandbox));
    }

    /// <summary>
    /// Commits: on return every change is durable and visible. See <see cref="Transaction.CommitAsync"/> for what may go wrong.
    /// </summary>
    /// <param name="cancellationToken">Honoured until the transaction is put into the log; after that it is ignored.</param>
    /// <returns>The transaction's LSN, now the version of its sandboxes.</returns>
    public async ValueTask<Lsn> CommitAsync(CancellationToken cancellationToken = default)
    {
        Action committed = SettleIntents();
        try
        {
            Lsn lsn = await _sandboxes[0].Inner.CommitAsync(cancellationToken).ConfigureAwait(false);
            committed();
            return lsn;
        }
        catch (CommitNotPublishedException)
        {
            committed();
            throw;
        }
    }

    /// <summary><see cref="CommitAsync"/> for callers that are synchronous: the thread waits until the transaction is durable.</summary>
    /// <inheritdoc cref="CommitAsync"/>
    public Lsn Commit(CancellationToken cancellationToken = default) => Blocking.Wait(() => CommitAsync(cancellationToken));

    private Action SettleIntents()
    {
        Action[] committed = Array.ConvertAll(_sandboxes, static each => each.Change.SettleIntents());
        return () => Array.ForEach(committed, static each => each());
    }
}
