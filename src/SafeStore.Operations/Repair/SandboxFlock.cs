using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Roots;

namespace SafeStore.Operations.Repair;

/// <summary>
/// The lock of a sandbox as other programs take it: also of a sandbox that the store cannot lock, since something of it cannot be
/// published. Released when it is disposed.
/// </summary>
internal sealed class SandboxFlock(StoreOptions options, RootSet roots) : IDisposable
{
    private readonly LockWaiting _waiting = new(options.TimeProvider, options.LockTimeout);
    private FileLock? _lock;

    /// <summary>The lock file; null if there is none that could be locked: then no process holds it.</summary>
    public FileHandle? File => _lock?.File;

    /// <exception cref="LockTimeoutException">It was not free in time.</exception>
    public async Task AcquireAsync(string sandbox, CancellationToken cancellation)
    {
        string path = SandboxHandles.LockPathOf(sandbox);
        Errno errno = options.FileSystemInUse.OpenFile(roots.Run.Directory, path, FileUse.ReadWrite, out FileHandle? file);
        if (errno is Errno.NotFound or Errno.NotDirectory or Errno.IsDirectory or Errno.SymbolicLink or Errno.NoSuchDevice)
        {
            return;
        }

        StorageException.ThrowIfFailed(errno, "open the lock file", roots.Run.Directory, path);
        _lock = new FileLock(options.FileSystemInUse, file!, LockRange.Whole, _waiting);
        if (!await _lock.TryInTurnAsync(LockMode.Exclusive, options.LockTimeout, cancellation).ConfigureAwait(false))
        {
            throw _lock.TimedOut(options.LockTimeout, null);
        }
    }

    public void Dispose()
    {
        _lock?.Dispose();
        _waiting.Dispose();
    }
}
