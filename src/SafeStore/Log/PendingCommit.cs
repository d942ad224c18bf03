using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Threads;

namespace SafeStore.Log;

/// <summary>What became of a transaction in the log.</summary>
internal enum AppendOutcome
{
    /// <summary>Nothing of it is in the log: it is to be rolled back.</summary>
    NotAppended,

    /// <summary>It is in the log, and durable if it had to be.</summary>
    Committed,

    /// <summary>A sync failed: only recovery will tell.</summary>
    Unknown,
}

/// <summary>A transaction on its way into the log: who waits for it, and what came of it.</summary>
internal abstract class PendingCommit
{
    private readonly object _meanwhile = new();
    private Signal? _outcomeKnown;
    private bool _isMeanwhileDone;
    private AppendOutcome _outcome;

    /// <summary>The payload's length in bytes.</summary>
    public abstract int PayloadBytes { get; }

    /// <summary>Whether it must survive a power loss: false when it touches volatile roots only.</summary>
    public abstract bool NeedsSync { get; }

    /// <summary>Whether there is something to do while the record is on its way to the disk.</summary>
    public virtual bool HasMeanwhile => false;

    /// <summary>Its number, once it was appended.</summary>
    public Lsn Lsn { get; set; }

    /// <summary>What is known of it: of one that was taken into a batch and has no final outcome, nothing.</summary>
    public AppendOutcome Outcome => IsConcluded ? _outcome : IsTaken ? AppendOutcome.Unknown : AppendOutcome.NotAppended;

    /// <summary>Whether the outcome is final.</summary>
    public bool IsConcluded { get; private set; }

    /// <summary>Why it was not appended, or is unknown.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Whether it has been put into a batch, or has failed. Guarded by the committer's gate.</summary>
    public bool IsTaken { get; set; }

    /// <summary>Ends when the transaction has an outcome.</summary>
    public Task OutcomeKnown => _outcomeKnown?.Task ?? Task.CompletedTask;

    /// <summary>Until when its caller waits.</summary>
    public CancellationToken Cancellation { get; set; }

    public abstract void WritePayload(Span<byte> target);

    /// <summary>Does what is to be done meanwhile, unless that has been done. By one thread at a time.</summary>
    public void RunMeanwhile()
    {
        if (!HasMeanwhile || _isMeanwhileDone)
        {
            return;
        }

        DoMeanwhile();
        lock (_meanwhile)
        {
            _isMeanwhileDone = true;
            Monitor.PulseAll(_meanwhile);
        }
    }

    /// <summary>Returns when another thread has done it: that is work of this disk, as the sync was that the caller comes from.</summary>
    public void AwaitMeanwhile()
    {
        lock (_meanwhile)
        {
            while (!_isMeanwhileDone)
            {
                _ = Monitor.Wait(_meanwhile);
            }
        }
    }

    /// <summary>Does it; keeps what goes wrong to itself, until the outcome is known.</summary>
    protected virtual void DoMeanwhile()
    {
    }

    public void Conclude(AppendOutcome outcome, Exception? failure)
    {
        _outcome = outcome;
        Failure = failure;
        IsConcluded = true;
    }

    /// <summary>Makes the transaction one that waits; to be called before any other thread can see it.</summary>
    /// <param name="guard">Lets its caller go on although the pool has no thread for it.</param>
    public void Wait(StarvationGuard? guard) => _outcomeKnown = new Signal(guard);

    public void TellOutcome() => _outcomeKnown?.Set();
}
