using System.Threading;
using System.Threading.Tasks;
using SafeStore.Changes;

namespace SafeStore;

/// <content>The committed changes, for SafeStore.Operations.</content>
public sealed partial class StateStore
{
    /// <summary>Reads the committed changes in order.</summary>
    /// <param name="from">The first to give; null for what is committed from the first call on.</param>
    internal ChangeReader ReadChanges(Lsn? from)
    {
        _open.ThrowIfClosed();
        return _engine.ReadChanges(from);
    }

    internal async ValueTask<Lsn> FindLastLsnAsync(CancellationToken cancellation)
    {
        using OpenLocks.Call use = _open.Use();
        using ChangeReader changes = _engine.ReadChanges(null);
        return await changes.FindLastAsync(cancellation).ConfigureAwait(false);
    }

    internal async ValueTask<CommittedChange> NextAsync(ChangeReader changes, CancellationToken cancellation)
    {
        using OpenLocks.Call use = _open.Use();
        return await changes.NextAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// Waits until a listing has each sandbox whose creation is in the log up to the LSN that is returned, unless it is gone again.
    /// </summary>
    internal async ValueTask<Lsn> AwaitCreationsAsync(CancellationToken cancellation)
    {
        using OpenLocks.Call use = _open.Use();
        return await _engine.AwaitCreationsAsync(cancellation).ConfigureAwait(false);
    }
}
