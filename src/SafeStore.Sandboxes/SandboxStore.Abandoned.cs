using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Sandboxes;

/// <content>Sandboxes whose processes are gone.</content>
public sealed partial class SandboxStore
{
    /// <summary>For tests.</summary>
    internal IProcessTable Processes { get; set; } = new KernelProcessTable();

    /// <summary>
    /// Reads which processes a sandbox's documents name (<c>state.json</c>, <c>agent.json</c>, <c>hypervisor.json</c>, the containers'
    /// <c>state.json</c> and <c>process.json</c>), and looks whether they live. It holds the sandbox's shared lock for that moment, and
    /// waits for none. The ids must be those of this process's pid namespace: in another one every process seems to be gone.
    /// </summary>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>What is found; null if there is no such sandbox.</returns>
    /// <exception cref="ArgumentException">The id is not allowed.</exception>
    /// <exception cref="LockAlreadyHeldException">This flow of execution holds the lock already.</exception>
    /// <exception cref="StoreFaultedException">The store is faulted.</exception>
    public ValueTask<SandboxProcesses?> FindProcessesAsync(string sandbox, CancellationToken cancellationToken = default) =>
        TellAsync(sandbox, async () =>
        {
            ModelLock held =
                await LockAsync(sandbox, LockMode.Shared, TimeSpan.Zero, cancellationToken: cancellationToken).ConfigureAwait(false);
            await using (held.ConfigureAwait(false))
            {
                return new ProcessReader(Processes).Read(held);
            }
        });

    /// <summary>
    /// Removes a sandbox whose processes are gone (<see cref="ProcessVerdict.Gone"/>), in one transaction, after its intents were undone.
    /// It looks again under the exclusive lock, for which it does not wait. Any other sandbox is left as it is, and so is one with an
    /// intent for which <see cref="SandboxStoreOptions.Undo"/> has no handler.
    /// </summary>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="forgetIntents">Whether its intents are forgotten instead of undone: nothing will undo their side effects.</param>
    /// <param name="cancellationToken">Honoured until the transaction is put into the log.</param>
    /// <returns>
    /// What was found, and the removal if there was one, which is durable then; why there was none is in its errors. Null if there is no
    /// such sandbox.
    /// </returns>
    /// <exception cref="ArgumentException">The id is not allowed.</exception>
    /// <exception cref="InvalidOperationException">The store is open read-only.</exception>
    /// <exception cref="LockAlreadyHeldException">This flow of execution holds the lock already.</exception>
    /// <exception cref="StoreFaultedException">The store is faulted.</exception>
    public ValueTask<SandboxProcesses?> RemoveAbandonedAsync(
        string sandbox, bool forgetIntents = false, CancellationToken cancellationToken = default) =>
        TellAsync(sandbox, async () =>
        {
            ModelLock held =
                await LockAsync(sandbox, LockMode.Exclusive, TimeSpan.Zero, PendingIntents.Keep, cancellationToken).ConfigureAwait(false);
            await using (held.ConfigureAwait(false))
            {
                SandboxProcesses found = new ProcessReader(Processes).Read(held);
                bool isUndone = forgetIntents || found.Intents.All(each => _undo.Find(each.Kind) is not null);
                return found.Verdict == ProcessVerdict.Gone && isUndone
                    ? await RemoveAsync(held, found, forgetIntents, cancellationToken).ConfigureAwait(false) : found;
            }
        });

    /// <summary>What is found under the sandbox's lock, or why it was not to be had.</summary>
    private static async ValueTask<SandboxProcesses?> TellAsync(string sandbox, Func<ValueTask<SandboxProcesses>> look)
    {
        try
        {
            return await look().ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            return null;
        }
        catch (LockTimeoutException failure)
        {
            return new SandboxProcesses(sandbox, ProcessVerdict.Locked) { Errors = [failure] };
        }
        catch (SafeStoreException failure) when (failure is not StoreFaultedException)
        {
            return new SandboxProcesses(sandbox, ProcessVerdict.Unreadable) { Errors = [failure] };
        }
    }

    private static async ValueTask<SandboxProcesses> RemoveAsync(
        ModelLock held, SandboxProcesses found, bool forgetIntents, CancellationToken cancellation)
    {
        try
        {
            return found with { Removed = await RemoveAsync(held, forgetIntents, cancellation).ConfigureAwait(false) };
        }
        catch (SafeStoreException failure) when (failure is not StoreFaultedException)
        {
            return found with { Errors = [failure] };
        }
    }

    private static ValueTask<Lsn> RemoveAsync(ModelLock held, bool forgetIntents, CancellationToken cancellation) => forgetIntents
        ? held.Change().ForgetAll("The sandbox's processes are gone.").RemoveSandbox().CommitAsync(cancellation)
        : RemoveAsync(held, cancellation);
}
