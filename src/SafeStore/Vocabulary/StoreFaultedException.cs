using System;

namespace SafeStore;

/// <summary>
/// The store saw a sync fail, in this process or another: what the disk holds is not known. Reading goes on; nothing is written until
/// every process has closed the store and one has opened it again, which recovers it. When thrown by a commit, the outcome of that
/// transaction is unknown until then: it is there completely, or not at all.
/// </summary>
public sealed class StoreFaultedException : SafeStoreException
{
    internal StoreFaultedException(string reason, Exception? innerException = null)
        : base($"The store is faulted: {reason} Look at the kernel log for the device's errors, let every process close the store, then "
            + $"open it again; that recovers it.", innerException)
    {
    }

    /// <inheritdoc/>
    public override string Code => "faulted";
}
