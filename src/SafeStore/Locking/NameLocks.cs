using System;
using System.Collections.Generic;
using System.IO.Hashing;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Locking;

/// <summary>
/// The 64 locks that guard the creation and removal of sandboxes: an id that does not exist has no lock file of its own. Taken after
/// sandbox locks and in ascending order, so that no wait is a circle.
/// </summary>
internal sealed class NameLocks
{
    private const int Count = 64;

    private readonly NameLock[] _locks = new NameLock[Count];
    private readonly LockWaiting _waiting;

    public NameLocks(StoreAnchor anchor, LockWaiting waiting)
    {
        _waiting = waiting;
        for (int i = 0; i < Count; i++)
        {
            _locks[i] = new NameLock(anchor.LockOf(StoreLock.FirstName, i), waiting);
        }
    }

    /// <summary>Takes the locks of these names, each lock once, within the store's time-out.</summary>
    public ValueTask<Hold> AcquireAsync(IEnumerable<string> sandboxes, CancellationToken cancellation) =>
        AcquireAsync(sandboxes, _waiting.DefaultTimeout, cancellation);

    /// <summary>Takes the locks of these names, each lock once.</summary>
    public async ValueTask<Hold> AcquireAsync(IEnumerable<string> sandboxes, TimeSpan timeout, CancellationToken cancellation)
    {
        var hold = new Hold();
        try
        {
            foreach (IGrouping<int, string> names in sandboxes.GroupBy(IndexOf).OrderBy(static names => names.Key))
            {
                NameLock next = _locks[names.Key];
                hold.Add(next, await next.AcquireAsync(names.First(), timeout, cancellation).ConfigureAwait(false));
            }

            return hold;
        }
        catch
        {
            hold.Dispose();
            throw;
        }
    }

    /// <summary>Which of the locks guards a name.</summary>
    public static int IndexOf(string sandbox) => (int)(XxHash3.HashToUInt64(Encoding.ASCII.GetBytes(sandbox)) % Count);

    /// <summary>Proof that the names are held.</summary>
    internal sealed class Hold : IDisposable
    {
        private readonly List<(NameLock Lock, FairLock.Hold Threads)> _held = [];

        public void Add(NameLock held, FairLock.Hold threads) => _held.Add((held, threads));

        public void Dispose()
        {
            foreach ((NameLock held, FairLock.Hold threads) in _held)
            {
                held.Release(threads);
            }

            _held.Clear();
        }
    }
}

/// <summary>One of them: a gate of this process, then a byte of the anchor.</summary>
internal sealed class NameLock(FileLock file, LockWaiting waiting)
{
    private readonly FairLock _threads = new();

    public async ValueTask<FairLock.Hold> AcquireAsync(string sandbox, TimeSpan timeout, CancellationToken cancellation)
    {
        string name = $"name of sandbox '{sandbox}'";
        var deadline = new Deadline(waiting.Time, timeout);
        FairLock.Hold threads = await _threads.EnterAsync(LockMode.Exclusive, timeout, waiting, cancellation).ConfigureAwait(false)
            ?? throw new LockTimeoutException(
                file.File.Path, timeout, [], $"another flow of this process (pid {Environment.ProcessId})", name);
        try
        {
            return await file.TryAcquireAsync(LockMode.Exclusive, deadline.Remaining, cancellation).ConfigureAwait(false)
                ? threads : throw file.TimedOut(timeout, null, name);
        }
        catch
        {
            threads.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Never throws, since a transaction may be durable by now. (The unlocking of a byte fails for a closed handle only.)
    /// </summary>
    public void Release(FairLock.Hold threads)
    {
        try
        {
            _ = file.TryRelease();
        }
        finally
        {
            threads.Dispose();
        }
    }
}
