using System;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Hosting;

/// <summary>A store of the host, whatever its kind.</summary>
internal interface IHostedStore : IAsyncDisposable
{
    string Name { get; }

    HostedStoreOptions Settings { get; }

    /// <summary>The options with which it is opened, and looked at.</summary>
    StoreOptions Options { get; }

    /// <exception cref="StoreNotOpenException">It is not open.</exception>
    StateStore Engine { get; }

    /// <summary>Whether it is open and not faulted.</summary>
    bool IsWorking { get; }

    Task OpenAsync(CancellationToken cancellation);
}
