using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Commit;
using SafeStore.Log;

namespace SafeStore.Changes;

/// <summary>What has become of a transaction in one of its sandboxes.</summary>
internal enum Publication
{
    /// <summary>The files do not show it yet: its process is at work, or is dead.</summary>
    UnderWay,

    /// <summary>The files show it, or a later one.</summary>
    Done,

    /// <summary>It stands, and something in the sandbox keeps it from being shown: it is parked, or will be.</summary>
    HeldUp,
}

/// <summary>The store that changes are read from: an open one, or one that is only looked at.</summary>
internal interface IChangeSource
{
    LogDirectory Log { get; }

    TimeProvider Time { get; }

    /// <summary>What is known to be durable; may lag behind.</summary>
    Lsn Synced { get; }

    /// <summary>Cancelled when the store is being closed.</summary>
    CancellationToken Closing { get; }

    /// <exception cref="StoreFaultedException">Nothing is committed any more.</exception>
    void ThrowIfFaulted();

    /// <summary>The last record of the log.</summary>
    ValueTask<Lsn> FindLastAsync(CancellationToken cancellation);

    /// <summary>Whether the files show a transaction, by a look.</summary>
    bool Shows(string sandbox, Lsn lsn);

    /// <summary>The same, once whatever a dead process has left was finished if it can be.</summary>
    ValueTask<Publication> FinishAsync(SandboxPlan plan, Lsn lsn, CancellationToken cancellation);

    /// <summary>Ends when it is worth while to look again. Ask for it before a look.</summary>
    Task NextWake();
}
