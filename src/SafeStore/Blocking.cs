using System;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore;

/// <summary>The one place where a thread waits for asynchronous work: for callers that are synchronous.</summary>
internal static class Blocking
{
    /// <summary>
    /// Runs the work to its end. It does not see the caller's synchronization context: what it awaits there, an undo handler of the
    /// program's own for instance, would wait for the very thread that waits here.
    /// </summary>
    public static T Wait<T>(Func<ValueTask<T>> work)
    {
        SynchronizationContext? context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            ValueTask<T> running = work();
            return running.IsCompleted ? running.GetAwaiter().GetResult() : running.AsTask().GetAwaiter().GetResult();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    /// <inheritdoc cref="Wait{T}"/>
    public static void Wait(Func<ValueTask> work) => _ = Wait(async () =>
    {
        await work().ConfigureAwait(false);
        return true;
    });
}
