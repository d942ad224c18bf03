using System;
using System.Threading;
using System.Threading.Tasks;

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
    private readonly object _staging = new();
    private TaskCompletionSource? _turn;
    private bool _isStaged;
    private AppendOutcome _outcome;

    /// <summary>The payload's length in bytes.</summary>
    public abstract int PayloadBytes { get; }

    /// <summary>Whether it must survive a power loss: false when it touches volatile roots only.</summary>
    public abstract bool NeedsSync { get; }

    /// <summary>Whether something is to be staged while the record is on its way to the disk.</summary>
    public virtual bool NeedsStaging => false;

    /// <summary>Whether that has been done, or tried. For the thread that does it, and who has waited for it.</summary>
    public bool IsStaged => _isStaged;

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
    public Task Turn => _turn?.Task ?? Task.CompletedTask;

    /// <summary>The outline's length in bytes.</summary>
    public virtual int OutlineBytes => PayloadBytes;

    /// <summary>Until when its caller waits.</summary>
    public CancellationToken Cancellation { get; set; }

    public abstract void WritePayload(Span<byte> target);

    /// <summary>Writes the payload without the documents' bytes.</summary>
    public virtual void WriteOutline(Span<byte> target) => WritePayload(target);

    /// <summary>Stages what is to be published when the record is durable, unless that has been done. By one thread at a time.</summary>
    public void Stage()
    {
        if (_isStaged)
        {
            return;
        }

        StageOnce();
        lock (_staging)
        {
            _isStaged = true;
            Monitor.PulseAll(_staging);
        }
    }

    /// <summary>Returns when another thread has staged it: that is work of this disk, as the sync was that the caller comes from.</summary>
    public void AwaitStaged()
    {
        lock (_staging)
        {
            while (!_isStaged)
            {
                _ = Monitor.Wait(_staging);
            }
        }
    }

    /// <summary>Stages; keeps what goes wrong to itself, until the outcome is known.</summary>
    protected virtual void StageOnce()
    {
    }

    public void Conclude(AppendOutcome outcome, Exception? failure)
    {
        _outcome = outcome;
        Failure = failure;
        IsConcluded = true;
    }

    /// <summary>Makes the transaction one that waits; to be called before anybody else can see it.</summary>
    public void Wait() => _turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void EndTurn() => _turn?.TrySetResult();
}
