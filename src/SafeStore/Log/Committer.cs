using System;
using System.Collections.Generic;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Log;

/// <summary>
/// Group commit: the first of the waiting transactions leads; it writes them all with one write and syncs once. Who comes meanwhile
/// waits for the next batch, led by the first of them.
/// </summary>
internal sealed class Committer(CommitLog log, Action segmentHalfFull)
{
    private const long BatchBytesMax = 4 * 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly Queue<PendingCommit> _waiting = new();
    private bool _hasLeader;

    /// <summary>
    /// Puts a transaction into the log; durable on return unless it touches volatile roots only. Cancellation is honoured until the
    /// transaction is put into a batch. Ask <see cref="PendingCommit.Outcome"/> when it throws.
    /// </summary>
    public async ValueTask<Lsn> CommitAsync(PendingCommit commit, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        log.ThrowIfFaulted();
        if (!Enqueue(commit))
        {
            await WaitForTurnAsync(commit, cancellation).ConfigureAwait(false);
        }

        if (commit.IsLeader)
        {
            await LeadAsync(commit, cancellation).ConfigureAwait(false);
        }

        if (commit.Failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        return commit.Outcome == AppendOutcome.Committed ? commit.Lsn : throw new InvalidOperationException("A transaction has come back from the log without an outcome.");
    }

    private bool Enqueue(PendingCommit commit)
    {
        lock (_gate)
        {
            commit.IsLeader = !_hasLeader;
            if (_hasLeader)
            {
                commit.Wait();
            }

            _hasLeader = true;
            _waiting.Enqueue(commit);
            return commit.IsLeader;
        }
    }

    private async ValueTask WaitForTurnAsync(PendingCommit commit, CancellationToken cancellation)
    {
        using CancellationTokenRegistration registration = cancellation.UnsafeRegister(
            static (state, token) =>
            {
                var (committer, waiting) = ((Committer, PendingCommit))state!;
                committer.Withdraw(waiting, token);
            },
            (this, commit));
        await commit.Turn.ConfigureAwait(false);
    }

    private void Withdraw(PendingCommit commit, CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (commit.IsTaken || commit.IsLeader)
            {
                return;
            }

            commit.IsTaken = true;
            commit.Conclude(AppendOutcome.NotAppended, new OperationCanceledException(cancellation));
        }

        commit.EndTurn();
    }

    private async ValueTask LeadAsync(PendingCommit leader, CancellationToken cancellation)
    {
        List<PendingCommit> batch = [leader];
        int appended = 0;
        try
        {
            using LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
            batch = TakeBatch();
            SafeStoreException? failure = Append(batch, ref appended, hold);
            hold.LetOthersAppend();
            Sync(batch, appended, hold);
            Conclude(batch, AppendOutcome.NotAppended, failure);
            if (log.TakeHalfFull(hold))
            {
                segmentHalfFull();
            }
        }
        catch (Exception failure) when (appended == 0 && failure is (SafeStoreException or OperationCanceledException))
        {
            Conclude(batch, AppendOutcome.NotAppended, failure);
        }
#pragma warning disable CA1031 // out of memory, or a defect: whatever it is, others wait, and nobody may be told more than is known
        catch (Exception failure)
        {
            Conclude(batch, AppendOutcome.Unknown, log.Fault(log.Directory.Path, failure));
        }
#pragma warning restore CA1031
        finally
        {
            HandOver(batch);
        }
    }

    private List<PendingCommit> TakeBatch()
    {
        var batch = new List<PendingCommit>();
        long bytes = 0;
        lock (_gate)
        {
            while (_waiting.TryPeek(out PendingCommit? next) && (batch.Count == 0 || bytes + next.PayloadBytes <= BatchBytesMax))
            {
                _ = _waiting.Dequeue();
                if (!next.IsTaken)
                {
                    next.IsTaken = true;
                    bytes += next.PayloadBytes;
                    batch.Add(next);
                }
            }
        }

        return batch;
    }

    /// <summary>Appends a batch, in as many writes as there are segments to fill; what was appended before a failure stands.</summary>
    private SafeStoreException? Append(List<PendingCommit> batch, ref int appended, LogLock.Hold hold)
    {
        try
        {
            while (appended < batch.Count)
            {
                appended += log.Append(appended == 0 ? batch : batch.GetRange(appended, batch.Count - appended), hold);
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
        try
        {
            if (written.FindLast(static commit => commit.NeedsSync) is { } last)
            {
                log.Sync(last.Lsn, hold);
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

    private void HandOver(List<PendingCommit> batch)
    {
        PendingCommit? next;
        lock (_gate)
        {
            batch[0].IsTaken = true;
            while (_waiting.TryPeek(out next) && next.IsTaken)
            {
                _ = _waiting.Dequeue();
            }

            _hasLeader = next is not null;
            if (next is not null)
            {
                next.IsLeader = true;
            }
        }

        next?.EndTurn();
        batch.ForEach(static commit => commit.EndTurn());
    }
}
