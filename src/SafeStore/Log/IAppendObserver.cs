using System.Collections.Generic;

namespace SafeStore.Log;

/// <summary>Told, under the log lock, what this process appends.</summary>
internal interface IAppendObserver
{
    /// <summary>The first transactions of a batch have been appended.</summary>
    /// <param name="segment">The first LSN of the segment that has taken them.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="count">How many of its transactions that segment has taken.</param>
    void Appended(Lsn segment, IReadOnlyList<PendingCommit> batch, int count);

    /// <summary>The segments that begin at or below an LSN have left the log.</summary>
    void Released(Lsn upTo);
}
