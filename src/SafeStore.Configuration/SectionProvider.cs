using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Configuration;
using SafeStore.Operations;

namespace SafeStore.Configuration;

/// <summary>The sections of a sandbox. They are read again once the watch knows where it begins, so that no commit comes between.</summary>
internal sealed class SectionProvider(StateStore store, string sandbox, Action<SafeStoreException>? reloadFailed)
    : ConfigurationProvider, IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _watching = Task.CompletedTask; // guarded by _gate

    public StateStore Store => store;

    public string Sandbox => sandbox;

    public override void Load()
    {
        lock (_gate)
        {
            if (_watching.IsCompleted && !_stop.IsCancellationRequested)
            {
                _watching = Watch();
            }
        }

        Refresh();
    }

    /// <summary>Reads the sections anew; a failure is told, and they stay as they were.</summary>
    public void TryRefresh()
    {
        try
        {
            Refresh();
        }
        catch (SafeStoreException failure)
        {
            reloadFailed?.Invoke(failure);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private void Refresh()
    {
        lock (_gate)
        {
            Dictionary<string, string?> settings = SectionReader.Read(store, sandbox);
            if (settings.Count == Data.Count
                && settings.All(each => Data.TryGetValue(each.Key, out string? value) && value == each.Value))
            {
                return;
            }

            Data = settings;
            OnReload(); // by the gate: an update that finds its settings here returns only when the options show them
        }
    }

    /// <summary>It outlives the caller, whose locks are not its own: hence the flow is not that of the caller.</summary>
    private Task Watch()
    {
        using AsyncFlowControl alone = ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow();
        return WatchAsync();
    }

    private async Task WatchAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // off the caller's thread, which holds the gate
        try
        {
            while (!await TryWatchAsync().ConfigureAwait(false))
            {
                // A checkpoint was faster: begin anew, where the log ends now.
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException)
        {
            // Configuration or store are closed.
        }
        catch (SafeStoreException failure)
        {
            reloadFailed?.Invoke(failure);
        }
    }

    /// <returns>False if the log has lost its changes; else it goes on until it fails.</returns>
    private async Task<bool> TryWatchAsync()
    {
        Lsn last = await store.FindLastAsync(_stop.Token).ConfigureAwait(false);
        TryRefresh();
        try
        {
            await foreach (StoreChange change in store.WatchAsync(last.Next, _stop.Token).ConfigureAwait(false))
            {
                if (change.Sandboxes.Any(each => each.Sandbox == sandbox))
                {
                    TryRefresh();
                }
            }

            return true;
        }
        catch (ChangesNotInLogException)
        {
            return false;
        }
    }
}
