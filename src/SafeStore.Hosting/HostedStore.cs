using System;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Hosting;

/// <summary>
/// A store that the host opens when it starts, before any service starts, and closes when all have stopped. What is made before, a hosted
/// service for instance, is given this; what is made later may be given the store itself.
/// </summary>
/// <typeparam name="T"><see cref="StateStore"/> or <see cref="Sandboxes.SandboxStore"/>.</typeparam>
public sealed class HostedStore<T> : IHostedStore, IAsyncDisposable
    where T : class, IAsyncDisposable
{
    private readonly StoreKind<T> _kind;
    private readonly StoreParts _parts;
    private T? _store;
    private bool _wasOpen;

    internal HostedStore(StoreKind<T> kind, StoreParts parts)
    {
        _kind = kind;
        _parts = parts;
    }

    /// <summary>Its name; empty for the one without.</summary>
    public string Name => _parts.Name;

    /// <summary>The open store.</summary>
    /// <exception cref="StoreNotOpenException">The host has not opened it yet, or has closed it.</exception>
    public T Store => Require();

    HostedStoreOptions IHostedStore.Settings => _parts.Settings;

    StoreOptions IHostedStore.Options => _parts.Options;

    StateStore IHostedStore.Engine => _kind.EngineOf(Store);

    bool IHostedStore.IsWorking
    {
        get
        {
            try
            {
                return Volatile.Read(ref _store) is { } store && !_kind.EngineOf(store).IsFaulted;
            }
            catch (ObjectDisposedException)
            {
                return false; // closed since, or by another part of the program
            }
        }
    }

    /// <summary>Closes the store, if it is open: <see cref="StateStore.DisposeAsync"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _store, null) is { } store)
        {
            await store.DisposeAsync().ConfigureAwait(false);
        }
    }

    async Task IHostedStore.OpenAsync(CancellationToken cancellation)
    {
        T store = await _kind.OpenAsync(_parts, cancellation).ConfigureAwait(false);
        Volatile.Write(ref _wasOpen, true);
        Volatile.Write(ref _store, store);
    }

    private T Require() => Volatile.Read(ref _store) ?? throw new StoreNotOpenException(Name, Volatile.Read(ref _wasOpen));
}
