using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Hosting;

namespace SafeStore.Hosting;

/// <summary>
/// Opens the stores in the order in which they were added, before the first service starts, and closes them in the opposite order when the
/// last has stopped. If one does not open the host does not start, and the container closes those before it.
/// </summary>
internal sealed class StoreLifetime(IEnumerable<IHostedStore> stores) : IHostedLifecycleService
{
    private readonly IHostedStore[] _stores = [.. stores];

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach (IHostedStore store in _stores)
        {
            await store.OpenAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The token is not heeded: when the time to stop is up, the documents are still to be left durable without the log.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        foreach (IHostedStore store in _stores.Reverse())
        {
            await store.DisposeAsync().ConfigureAwait(false);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
