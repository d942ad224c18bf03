using System;
using System.Collections.Generic;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Diagnostics;
using SafeStore.Threads;

namespace SafeStore.Log;

/// <summary>
/// Group commit. A caller that finds no leader leads: it writes its transaction and syncs, on its own thread. Others wait; the log
/// thread then leads for all that wait, with one write and one sync for each batch, until none waits, and for a caller that comes after a
/// batch of several. What a transaction has to do meanwhile its own thread does if another one leads, else a thread for that.
/// </summary>
/// <remarks>
/// A single writer does not pay for a change of threads. Many writers do not block the pool's threads with their syncs, the next batch
/// begins when the last one ends, and since their continuations come from outside the pool, it runs them in their order.
/// </remarks>
internal sealed class Committer : IDisposable
{
    private const long BatchBytesMax = 4 * 1024 * 1024;

    /// <summary>Not none: to tell a caller of a failure must not need memory.</summary>
    private const int BatchCapacity = 4;

    private readonly CommitLog _log;
    private readonly SharedState _shared;
    private readonly StarvationGuard? _guard;
    private readonly Action _segmentHalfFull;
    private readonly StoreTelemetry _telemetry;
    private readonly WorkThread _thread;
    private readonly MeanwhileThread? _meanwhileThread;
    private readonly bool _meanwhileFirst;
    private readonly Lock _gate = new();
    private readonly Queue<PendingCommit> _waiting = new();
    private bool _hasLeader;

    /// <summary>How many the last batch had.</summary>
    private int _lastCount;

    /// <summary>The list of the last batch, kept for the next one.</summary>
    private List<PendingCommit>? _lastBatch = new(BatchCapacity);

    public Committer(CommitLog log, SharedState shared, StarvationGuard? guard, Action segmentHalfFull, StoreTelemetry telemetry)
    {
        _log = log;
        _shared = shared;
        _guard = guard;
        _segmentHalfFull = segmentHalfFull;
        _telemetry = telemetry;
        _thread = new WorkThread("SafeStore log", LeadForAllAsync);
        _meanwhileFirst = log.Directory.FileSystem.StagesFirst;
        _meanwhileThread = log.Directory.FileSystem.SyncsSideBySide > 1 ? new MeanwhileThread() : null;
    }

    /// <summary>Whether a commit has to wait for a checkpoint first.</summary>
    public bool IsLogTooLong => _log.IsTooLong;

    /// <summary>Tells the processes that wait for a commit that there is one, which is published.</summary>
    public void Announce() => _shared.TryAnnounceCommit();

    /// <summary>
    /// Puts a transaction into the log, and stages it meanwhile; durable on return unless it touches volatile roots only. Cancellation is
    /// honoured until the transaction is put into a batch. Ask <see cref="PendingCommit.Outcome"/> when it throws; it is not staged any
    /// more then.
    /// </summary>
    public async ValueTask<Lsn> CommitAsync(PendingCommit commit, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        _log.Faults.ThrowIfFaulted();
        commit.Cancellation = cancellation;
        if (Enqueue(commit))
        {
            await LeadOneAsync(commit, cancellation).ConfigureAwait(false);
        }
        else
        {
            await WaitMeanwhileAsync(commit, cancellation).ConfigureAwait(false);
        }

        if (commit.Failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        commit.RunMeanwhile(); // the leader need not have come to it
        return commit.Outcome == AppendOutcome.Committed ? commit.Lsn
            : throw new InvalidOperationException("A transaction has come back from the log without an outcome.");
    }

    /// <summary>Ends the threads; no caller commits any more.</summary>
    public void Dispose()
    {
        _thread.Dispose();
        _meanwhileThread?.Dispose();
    }

    /// <summary>True if the commit is to lead. Not where several are at work: the others' transactions may be in the queue of the very
    /// thread that it would block in a sync. Where nothing is done side by side, and there is no stage thread, it leads all the same: the
    /// order of calls is to be the same each time.</summary>
    private bool Enqueue(PendingCommit commit)
    {
        bool isFirst;
        bool leads;
        lock (_gate)
        {
            isFirst = !_hasLeader;
            leads = isFirst && (_lastCount < 2 || _meanwhileThread is null || !_thread.TryStart());
            if (!leads)
            {
                commit.Wait(_guard);
            }

            _waiting.Enqueue(commit);
            _hasLeader = true;
        }

        if (isFirst && !leads)
        {
            _thread.Wake(); // no other caller does: each has been told that there is a leader
        }

        return leads;
    }

    private async ValueTask LeadOneAsync(PendingCommit commit, CancellationToken cancellation)
    {
        bool isHandedOver = commit.HasMeanwhile && commit.NeedsSync && _meanwhileThread?.TryTake(commit) == true;
        if (!isHandedOver && _meanwhileFirst)
        {
            commit.RunMeanwhile();
        }

        try
        {
            if (await LeadAsync(1, isHandedOver ? null : commit, cancellation).ConfigureAwait(false) && !TryWake())
            {
                await LeadForAllAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            if (isHandedOver)
            {
                commit.AwaitMeanwhile();
            }
        }
    }

    private bool TryWake()
    {
        if (_thread.TryStart())
        {
            _thread.Wake();
            return true;
        }

        return false;
    }

    private async ValueTask WaitMeanwhileAsync(PendingCommit commit, CancellationToken cancellation)
    {
        try
        {
            commit.RunMeanwhile();
            await WaitAsync(commit, cancellation).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // out of memory: it waits in the queue all the same, and only the leader knows what becomes of it
        catch (Exception failure)
        {
            Withdraw(commit, failure);
            await commit.OutcomeKnown.ConfigureAwait(false);
        }
#pragma warning restore CA1031
    }

    private async ValueTask WaitAsync(PendingCommit commit, CancellationToken cancellation)
    {
        using CancellationTokenRegistration registration = cancellation.UnsafeRegister(
            static (state, token) =>
            {
                var (committer, waiting) = ((Committer, PendingCommit))state!;
                committer.Withdraw(waiting, new OperationCanceledException(token));
            },
            cancellation.CanBeCanceled ? (this, commit) : null);
        await commit.OutcomeKnown.ConfigureAwait(false);
    }

    private void Withdraw(PendingCommit commit, Exception reason)
    {
        lock (_gate)
        {
            if (commit.IsTaken)
            {
                return;
            }

            commit.IsTaken = true;
            commit.Conclude(AppendOutcome.NotAppended, reason);
        }

        commit.TellOutcome();
    }

    private async Task LeadForAllAsync()
    {
        bool goesOn;
        do
        {
            int early;
            CancellationToken cancellation;
            lock (_gate)
            {
                early = _waiting.Count;
                // or it would wait for the log on behalf of no caller
                cancellation = early == 1 ? _waiting.Peek().Cancellation : CancellationToken.None;
            }

            goesOn = await LeadAsync(early, null, cancellation).ConfigureAwait(false);
        }
        while (goesOn && (_thread.IsCurrent || !TryWake())); // a wait for the log may have ended on a thread of the pool
    }

    /// <summary>Leads one batch; true if others wait, for whom the log thread leads next.</summary>
    /// <param name="early">
    /// How many wait from the beginning: when the log cannot be locked, they are told, and who came later tries again.
    /// </param>
    /// <param name="own">
    /// The leader's own transaction, if the leader is to stage it: between write and sync, so that neither needs the other.
    /// </param>
    /// <param name="cancellation">Ends the wait for the log.</param>
    private async ValueTask<bool> LeadAsync(int early, PendingCommit? own, CancellationToken cancellation)
    {
        List<PendingCommit> batch = Interlocked.Exchange(ref _lastBatch, null) ?? new List<PendingCommit>(BatchCapacity);
        int appended = 0;
        bool isWaitedFor;
        try
        {
            using LogLock.Hold hold = await _log.LockAsync(cancellation).ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
            TakeBatch(batch, int.MaxValue);
            SafeStoreException? failure = Append(batch, ref appended, hold);
            hold.LetOthersAppend();
            own?.RunMeanwhile(); // whatever came of the write: on another thread it would have been done
            Sync(batch, appended, hold);
            Conclude(batch, failure is not null && failure == _log.UnknownAppend ? AppendOutcome.Unknown
                : AppendOutcome.NotAppended, failure);
            if (batch.Count > 0 && _log.TakeHalfFull(hold))
            {
                _segmentHalfFull();
            }
        }
        catch (Exception failure) when (appended == 0 && failure is (SafeStoreException or OperationCanceledException))
        {
            TakeBatch(batch, batch.Count > 0 ? 0 : early);
            Conclude(batch, AppendOutcome.NotAppended, failure);
        }
#pragma warning disable CA1031 // out of memory, or a defect: whatever it is, others wait, and none may be told more than is known
        catch (Exception failure)
        {
            TakeBatch(batch, batch.Count > 0 ? 0 : early);
            Conclude(batch, AppendOutcome.Unknown, Fault(failure));
        }
#pragma warning restore CA1031
        finally
        {
            isWaitedFor = HandOver(batch);
        }

        return isWaitedFor;
    }

    private Exception Fault(Exception failure)
    {
        try
        {
            return _log.Faults.Fault(_log.Directory.Path, failure);
        }
#pragma warning disable CA1031 // whatever it is, the store is faulted in this process; the others could not be told
        catch (Exception) when (_log.Faults.IsFaulted)
        {
            return failure;
        }
#pragma warning restore CA1031
    }

    private void TakeBatch(List<PendingCommit> batch, int countMax)
    {
        lock (_gate)
        {
            long bytes = 0;
            while (countMax-- > 0 && _waiting.TryPeek(out PendingCommit? next)
                && (batch.Count == 0 || bytes + next.PayloadBytes <= BatchBytesMax))
            {
                _ = batch.EnsureCapacity(batch.Count + 1); // who leaves the queue must not be lost for lack of memory
                _ = _waiting.Dequeue();
                if (!next.IsTaken)
                {
                    next.IsTaken = true;
                    bytes += next.PayloadBytes;
                    batch.Add(next);
                }
            }
        }
    }

    /// <summary>Appends a batch, in as many writes as there are segments to fill; what was appended before a failure stands.</summary>
    private SafeStoreException? Append(List<PendingCommit> batch, ref int appended, LogLock.Hold hold)
    {
        try
        {
            while (appended < batch.Count)
            {
                appended += _log.Append(appended == 0 ? batch : batch.GetRange(appended, batch.Count - appended), hold);
            }

            return null;
        }
        catch (SafeStoreException failure)
        {
            return failure;
        }
    }

    /// <summary>Only here does a transaction become a committed one.</summary>
    private void Sync(List<PendingCommit> batch, int appended, LogLock.Hold hold)
    {
        List<PendingCommit> written = appended == batch.Count ? batch : batch.GetRange(0, appended);
        _telemetry.Appended(appended, _log.Bytes);
        try
        {
            if (written.FindLast(static commit => commit.NeedsSync) is { } last)
            {
                using Timing syncing = _telemetry.SyncLog();
                _log.Sync(last.Lsn, hold);
            }

            Conclude(written, AppendOutcome.Committed, null);
        }
        catch (StoreFaultedException fault)
        {
            Conclude(written, AppendOutcome.Unknown, fault);
        }
    }

    private static void Conclude(List<PendingCommit> batch, AppendOutcome outcome, Exception? failure)
    {
        foreach (PendingCommit commit in batch)
        {
            if (!commit.IsConcluded)
            {
                commit.Conclude(outcome, failure);
            }
        }
    }

    private bool HandOver(List<PendingCommit> batch)
    {
        bool isWaitedFor;
        lock (_gate)
        {
            while (_waiting.TryPeek(out PendingCommit? next) && next.IsTaken)
            {
                _ = _waiting.Dequeue();
            }

            _hasLeader = isWaitedFor = _waiting.Count > 0;
            _lastCount = batch.Count;
        }

        batch.ForEach(static commit => commit.TellOutcome());
        batch.Clear();
        _ = Interlocked.Exchange(ref _lastBatch, batch);
        return isWaitedFor;
    }
}
