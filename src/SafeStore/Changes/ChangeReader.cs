using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Commit;
using SafeStore.Log;

namespace SafeStore.Changes;

/// <summary>A transaction that is committed, durable, and shown by the files, but for what is held up.</summary>
/// <param name="Lsn">Its LSN.</param>
/// <param name="Plans">What it does, sandbox by sandbox.</param>
/// <param name="HeldUp">Those of its sandboxes in which something keeps it from being shown.</param>
internal sealed record CommittedChange(Lsn Lsn, IReadOnlyList<SandboxPlan> Plans, IReadOnlySet<string> HeldUp);

/// <summary>Gives the committed transactions of a store, in the order of the log, each once.</summary>
/// <remarks>
/// Invariant: what it gives is published in every sandbox, hence durable; only what is durable is published, or is found to be held up.
/// </remarks>
/// <param name="source">The store.</param>
/// <param name="from">The first LSN to give; null for what is committed from the first call on.</param>
/// <param name="owned">What is to be closed with it.</param>
internal sealed class ChangeReader(IChangeSource source, Lsn? from, IDisposable? owned = null) : IDisposable
{
    /// <summary>After that, a transaction that is under way is finished if its process is dead.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private LogFollower? _log;
    private Lsn _underWay;
    private long _since;

    /// <summary>The next change; waits for it.</summary>
    /// <exception cref="ChangesNotInLogException">The log does not hold it.</exception>
    /// <exception cref="LogCorruptException">The log is damaged.</exception>
    /// <exception cref="StoreFaultedException">The store is faulted.</exception>
    /// <exception cref="ObjectDisposedException">The store was closed.</exception>
    public async ValueTask<CommittedChange> NextAsync(CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, source.Closing);
        try
        {
            return await WaitForNextAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ObjectDisposedException("SafeStore.StateStore", "The store was closed during the wait for a change.");
        }
        catch (OperationCanceledException)
        {
            throw new OperationCanceledException(cancellation);
        }
    }

    /// <summary>The LSN of the last transaction in the log.</summary>
    public ValueTask<Lsn> FindLastAsync(CancellationToken cancellation) => source.FindLastAsync(cancellation);

    /// <summary>The next change if there is one by now.</summary>
    /// <param name="patience">What has been under way for so long is finished if its process is dead.</param>
    /// <param name="cancellation">Ends it.</param>
    public async ValueTask<CommittedChange?> TryNextAsync(TimeSpan patience, CancellationToken cancellation)
    {
        _log ??= new LogFollower(source.Log, from ?? (await source.FindLastAsync(cancellation).ConfigureAwait(false)).Next);
        return await TryTakeAsync(_log, patience, cancellation).ConfigureAwait(false);
    }

    public void Dispose() => owned?.Dispose();

    private async ValueTask<CommittedChange> WaitForNextAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Task? next = null;
        while (true)
        {
            if (await TryNextAsync(s_patience, cancellation).ConfigureAwait(false) is { } change)
            {
                return change;
            }

            source.ThrowIfFaulted();
            if (next is not null)
            {
                await next.WaitAsync(cancellation).ConfigureAwait(false);
            }

            next = source.NextWake(); // before the look that it follows
        }
    }

    private async ValueTask<CommittedChange?> TryTakeAsync(LogFollower log, TimeSpan patience, CancellationToken cancellation)
    {
        Lsn synced = source.Synced; // before the record is read
        if (log.Peek(synced) is not { } record)
        {
            return null;
        }

        if (record.Lsn != _underWay)
        {
            (_underWay, _since) = (record.Lsn, source.Time.GetTimestamp());
        }

        SandboxPlan[] plans = [.. CommittedPlans.Of([record], source.Log.Path).Select(static each => each.Plan)];
        var heldUp = new HashSet<string>(StringComparer.Ordinal);
        foreach (SandboxPlan plan in plans)
        {
            Publication found = source.Shows(plan.Sandbox, record.Lsn) ? Publication.Done
                : source.Time.GetElapsedTime(_since) < patience ? Publication.UnderWay
                : await source.FinishAsync(plan, record.Lsn, cancellation).ConfigureAwait(false);
            if (found == Publication.UnderWay)
            {
                return null;
            }

            if (found == Publication.HeldUp)
            {
                heldUp.Add(plan.Sandbox);
            }
        }

        // A write that failed may have left a whole record for a moment, in whose place another was published.
        if (record.Lsn > synced && log.Peek(synced)?.Checksum != record.Checksum)
        {
            return null;
        }

        log.Take();
        return new CommittedChange(record.Lsn, plans, heldUp);
    }
}
