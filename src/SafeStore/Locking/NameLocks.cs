using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO.Hashing;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;

namespace SafeStore.Locking;

/// <summary>
/// The 64 locks that guard the creation and removal of sandboxes: an id that does not exist has no lock file of its own. Taken after sandbox
/// locks and in ascending order, so that nobody waits in a circle.
/// </summary>
internal sealed class NameLocks : IDisposable
{
    private const int Count = 64;

    private readonly NameLock[] _locks = new NameLock[Count];

    public NameLocks(IDurableFileSystem fs, DirectoryHandle directory, LockWaiting waiting)
    {
        for (int i = 0; i < Count; i++)
        {
            _locks[i] = new NameLock(fs, directory, FileOf(i), waiting);
        }
    }

    public static string FileOf(string sandbox) => FileOf(IndexOf(sandbox));

    /// <summary>Takes the locks of these names, each lock once.</summary>
    public async ValueTask<Hold> AcquireAsync(IEnumerable<string> sandboxes, TimeSpan timeout, CancellationToken cancellation)
    {
        var hold = new Hold();
        try
        {
            foreach (int index in sandboxes.Select(IndexOf).Distinct().Order())
            {
                hold.Add(_locks[index], await _locks[index].AcquireAsync(timeout, cancellation).ConfigureAwait(false));
            }

            return hold;
        }
        catch
        {
            hold.Dispose();
            throw;
        }
    }

    public void Dispose() => Array.ForEach(_locks, static held => held.Dispose());

    private static string FileOf(int index) => index.ToString("x2", CultureInfo.InvariantCulture) + ".lock";

    private static int IndexOf(string sandbox) => (int)(XxHash3.HashToUInt64(Encoding.ASCII.GetBytes(sandbox)) % Count);

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

/// <summary>One of them: a turn in this process, since flock does not tell threads of one open file from each other, then flock on a file that stays open.</summary>
internal sealed class NameLock(IDurableFileSystem fs, DirectoryHandle directory, string name, LockWaiting waiting) : IDisposable
{
    private readonly FairLock _threads = new();
    private FileLock? _file;

    public async ValueTask<FairLock.Hold> AcquireAsync(TimeSpan timeout, CancellationToken cancellation)
    {
        var deadline = new Deadline(waiting.Time, timeout);
        FairLock.Hold threads = await _threads.EnterAsync(LockMode.Exclusive, timeout, waiting.Time, cancellation).ConfigureAwait(false)
            ?? throw new LockTimeoutException($"{directory.Path}/{name}", timeout, [], $"another flow of this process (pid {Environment.ProcessId})");
        try
        {
            _file ??= FileLock.Open(fs, directory, name, waiting);
            await _file.AcquireAsync(LockMode.Exclusive, deadline.Remaining, cancellation).ConfigureAwait(false);
            return threads;
        }
        catch
        {
            Dispose(); // whatever failed, no flock of ours is left
            threads.Dispose();
            throw;
        }
    }

    /// <summary>Never throws, since a transaction may be durable by now: what cannot be unlocked is closed, which lets go of it too.</summary>
    public void Release(FairLock.Hold threads)
    {
        bool isFree = false;
        try
        {
            isFree = _file!.TryRelease();
        }
#pragma warning disable CA1031 // out of memory, or a defect: as above
        catch (Exception)
        {
            // It is closed below.
        }
#pragma warning restore CA1031
        if (!isFree)
        {
            Dispose();
        }

        threads.Dispose();
    }

    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
    }
}
