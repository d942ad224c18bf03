using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Roots;

namespace SafeStore.Locking;

/// <summary>
/// Takes shared sandbox locks for a store that is only looked at: it makes no lock file and finishes nothing. Each lock has a handle of its
/// own, so that those of one process need no order among them.
/// </summary>
internal sealed class ReaderLocker(RootSet roots, LockWaiting waiting)
{
    private readonly IDurableFileSystem _fs = roots.FileSystem;

    /// <exception cref="NotFoundException">The sandbox does not exist.</exception>
    /// <exception cref="LockTimeoutException">The time is up.</exception>
    /// <exception cref="StorageException">It has no lock file that may be read.</exception>
    public async ValueTask<SandboxHold> ShareAsync(string sandbox, TimeSpan timeout, CancellationToken cancellation)
    {
        var deadline = new Deadline(waiting.Time, timeout);
        while (true)
        {
            using var owned = new OwnedParts();
            SandboxHandles handles = owned.Add(Open(sandbox));
            await AcquireAsync(handles.Lock, deadline, cancellation).ConfigureAwait(false);
            if (handles.IsCurrent())
            {
                SandboxHold hold = HoldOf(handles);
                owned.Disown();
                return hold;
            }
        }
    }

    private SandboxHandles Open(string sandbox)
    {
        string path = SandboxHandles.LockPathOf(sandbox);
        Errno errno = _fs.OpenFile(roots.Run.Directory, path, FileUse.Read, out FileHandle? file);
        if (errno == Errno.NotFound && !roots.InOrderOfAppearance.Any(root => _fs.Stat(root.Directory, sandbox, out _) == Errno.None))
        {
            throw new NotFoundException("sandbox", sandbox);
        }

        StorageException.ThrowIfFailed(errno, "open the lock file, which a read-only opening does not make,", roots.Run.Directory, path);
        return new SandboxHandles(roots, sandbox, new FileLock(_fs, file!, LockRange.Whole, waiting), path);
    }

    private async ValueTask AcquireAsync(FileLock file, Deadline deadline, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, waiting.Closing);
        try
        {
            if (!await file.TryAcquireAsync(LockMode.Shared, deadline.Remaining, either.Token).ConfigureAwait(false))
            {
                throw file.TimedOut(deadline.Total, null);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ObjectDisposedException("SafeStore.StateStore", "The store was closed during the wait for a lock.");
        }
        catch (OperationCanceledException)
        {
            throw new OperationCanceledException(cancellation);
        }
    }

    private SandboxHold HoldOf(SandboxHandles handles)
    {
        Lsn version = handles.ReadWord().Lsn;
        var gates = new SandboxGates(idleMax: 0);
        SandboxGate gate = gates.Enter(handles.Sandbox);
        (gate.Handles, gate.Readers) = (handles, 1);
        return new SandboxHold(gates, gate, LockMode.Shared, gate.Threads.TryEnter(LockMode.Shared)!, waiting)
        {
            Version = version,
            HasFlock = true,
        };
    }
}
