using System;
using System.Collections.Generic;

namespace SafeStore.Operations;

/// <summary>What tells whether an open store is well.</summary>
/// <param name="LogBytes">The size of the log's segments; null if that cannot be read.</param>
/// <param name="Problems">What is wrong with the metadata and the log's last segment.</param>
public sealed record StoreVitals(long? LogBytes, IReadOnlyList<StoreProblem> Problems)
{
    /// <summary>The store's id; null if that cannot be read.</summary>
    public Guid? Store { get; init; }

    /// <summary>Up to this LSN the documents need no log; null if that cannot be read.</summary>
    public Lsn? Watermark { get; init; }

    /// <summary>
    /// The last LSN before the log's current segment: checkpoints are to bring the watermark there. Null if that cannot be read.
    /// </summary>
    public Lsn? SealedLsn { get; init; }

    /// <summary>The last LSN of the log's current segment; null if that cannot be read.</summary>
    public Lsn? LastLsn { get; init; }

    /// <summary>The sandboxes whose last transactions could not be applied.</summary>
    public IReadOnlyList<ParkedSandbox> Parked { get; init; } = [];
}
