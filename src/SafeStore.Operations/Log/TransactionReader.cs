using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;

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

    /// <summary>The same, and goes on as records come.</summary>
    public async IAsyncEnumerable<LoggedTransaction> FollowAsync(Lsn? from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var log = OpenLog.Open(options, config.Metadata ?? throw config.Failure!);
        await foreach (LoggedTransaction transaction in
            log.FollowAsync(from ?? log.Oldest(), options.TimeProvider, cancellation).ConfigureAwait(false))
        {
            yield return transaction;
        }
    }
}
