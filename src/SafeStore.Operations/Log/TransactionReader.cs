using System.Collections.Generic;

namespace SafeStore.Operations.Log;

/// <summary>Reads the log of a store that is looked at.</summary>
internal sealed class TransactionReader(StoreOptions options, ViewedRoot config)
{
    public IEnumerable<LoggedTransaction> Read(Lsn from)
    {
        using var log = OpenLog.Open(options, config.Metadata ?? throw config.Failure!);
        foreach (LoggedTransaction transaction in log.Read(from))
        {
            yield return transaction;
        }
    }
}
