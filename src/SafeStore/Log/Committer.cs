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

        return commit.Lsn;
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
        try
        {
            using LogLock.Hold hold = await log.LockAsync(cancellation).ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
            batch = TakeBatch();
            Append(batch, hold);
            hold.LetOthersAppend();
            Sync(batch, hold);
            if (log.TakeHalfFull(hold))
            {
                segmentHalfFull();
            }
        }
        catch (Exception failure) when (failure is SafeStoreException or OperationCanceledException)
        {
            // Only what has no outcome yet: nothing of it was written.
            Conclude(batch, AppendOutcome.NotAppended, failure);
        }
        catch (Exception failure)
        {
            // Out of memory, or a defect: nobody may be told more than is known.
            Conclude(batch, AppendOutcome.Unknown, log.Fault(log.Directory.Path, failure));
            throw;
        }
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

    private void Append(List<PendingCommit> batch, LogLock.Hold hold)
    {
        for (int done = 0; done < batch.Count;)
        {
            int end = done + log.Append(done == 0 ? batch : batch.GetRange(done, batch.Count - done), hold);
            for (; done < end; done++)
            {
                batch[done].Conclude(AppendOutcome.Committed, null);
            }
        }
    }

    private void Sync(List<PendingCommit> batch, LogLock.Hold hold)
    {
        if (batch.FindLast(static commit => commit.NeedsSync) is not { } last)
        {
            return;
        }

        try
        {
            log.Sync(last.Lsn, hold);
        }
        catch (StoreFaultedException fault)
        {
            batch.ForEach(commit => commit.Conclude(AppendOutcome.Unknown, fault));
        }
    }

    private static void Conclude(List<PendingCommit> batch, AppendOutcome outcome, Exception failure)
    {
        foreach (PendingCommit commit in batch)
        {
            if (commit.Outcome == AppendOutcome.NotAppended)
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
