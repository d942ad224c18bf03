using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Cli.Apply;

/// <summary>What lines are committed to.</summary>
internal interface IApplyTarget
{
    Task<Answer> CommitAsync(TransactionRequest request, CancellationToken stop);
}

/// <summary>A store that is open.</summary>
internal sealed class StoreTarget(StateStore store) : IApplyTarget
{
    public async Task<Answer> CommitAsync(TransactionRequest request, CancellationToken stop)
    {
        if (request.Sandboxes is [{ IsNew: false, Required: null, Operations: [RemoveSandboxOperation removal] } removed])
        {
            // Also one that cannot be locked otherwise, since something is in the way of its last transaction.
            return new Answer(await (removal.ForgetsIntents ? store.RemoveSandboxAndForgetIntentsAsync(removed.Sandbox, null, stop)
                : store.RemoveSandboxAsync(removed.Sandbox, null, stop)));
        }

        if (request.Sandboxes is [{ } one])
        {
            await using SandboxLock held = one.IsNew
                ? await store.LockNewAsync(one.Sandbox, cancellationToken: stop)
                : await store.LockAsync(one.Sandbox, cancellationToken: stop);
            SandboxChange change = held.Change();
            one.FillIn(change);
            return new Answer(await change.CommitAsync(CancellationToken.None));
        }

        await using SandboxLocks locks =
            await store.LockManyAsync(request.Sandboxes.Select(static sandbox => sandbox.Target), cancellationToken: stop);
        Transaction transaction = locks.Change();
        foreach (SandboxRequest sandbox in request.Sandboxes)
        {
            sandbox.FillIn(transaction.For(sandbox.Sandbox));
        }

        return new Answer(await transaction.CommitAsync(CancellationToken.None));
    }
}
