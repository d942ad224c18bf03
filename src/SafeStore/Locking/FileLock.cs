using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;

namespace SafeStore.Locking;

/// <summary>
/// A lock between processes: flock on a file that this owns, or a lock on a byte of the store's anchor. It does not order the threads of
/// this process; a <see cref="FairLock"/> in front does.
/// </summary>
internal sealed class FileLock(IDurableFileSystem fs, FileHandle file, LockRange range, LockWaiting waiting, LockHolders? holders = null)
    : IDisposable
{
    private const int Spins = 8;

    public FileHandle File => file;

    public TimeProvider Time => waiting.Time;

    public TimeSpan DefaultTimeout => waiting.DefaultTimeout;

    public static FileHandle OpenOrCreate(IDurableFileSystem fs, DirectoryHandle directory, string name, in FilePermissions permissions)
    {
        string path = $"{directory.Path}/{name}";
        while (true)
        {
            Errno errno = fs.OpenFile(directory, name, FileUse.ReadWrite, out FileHandle? file);
            if (errno == Errno.NotFound)
            {
                errno = fs.CreateFile(directory, name, permissions, out file);
                if (errno == Errno.Exists)
                {
                    continue; // another process was faster
                }
            }

            StorageException.ThrowIfFailed(errno, "open a lock file", path);
            return file!;
        }
    }

    public bool TryAcquire(LockMode mode)
    {
        Errno errno = fs.TryLock(file, range, mode);
        if (errno != Errno.WouldBlock)
        {
            StorageException.ThrowIfFailed(errno, "lock", file);
        }

        if (errno == Errno.None && mode == LockMode.Exclusive && holders is not null)
        {
            Tell(holders);
        }

        return errno == Errno.None;
    }

    /// <summary>
    /// For locks that are held for microseconds: a few tries before it is worth to sleep. Without leaving the processor, which the holder
    /// may need: then sleep at once.
    /// </summary>
    public bool TryAcquireSpinning(LockMode mode)
    {
        var spin = default(SpinWait);
        for (int i = 0; i < Spins; i++)
        {
            if (TryAcquire(mode))
            {
                return true;
            }

            spin.SpinOnce(sleep1Threshold: -1);
        }

        return false;
    }

    public async ValueTask AcquireAsync(LockMode mode, TimeSpan timeout, CancellationToken cancellation)
    {
        if (!await waiting.TryUntilAsync(static state => state.self.TryAcquire(state.mode), (self: this, mode), timeout, cancellation)
            .ConfigureAwait(false))
        {
            throw TimedOut(timeout, null);
        }
    }

    public void Release() => StorageException.ThrowIfFailed(fs.Unlock(file, range), "unlock", file);

    /// <summary>False if it is still held, after a second try.</summary>
    public bool TryRelease() => TryUnlock() || TryUnlock();

    public LockTimeoutException TimedOut(TimeSpan timeout, string? unknownHolder) =>
        new(file.Path, timeout, holders?.HoldersOf(range) ?? fs.LockHolders(file), unknownHolder);

    private bool TryUnlock()
    {
        try
        {
            return fs.Unlock(file, range) == Errno.None;
        }
        catch (OutOfMemoryException)
        {
            return false;
        }
    }

    private void Tell(LockHolders told)
    {
        try
        {
            told.Tell(range);
        }
        catch
        {
            _ = fs.Unlock(file, range); // the caller hears that it has not got the lock
            throw;
        }
    }

    /// <summary>Closes the file, if it is this lock's own.</summary>
    public void Dispose()
    {
        if (range.IsWhole)
        {
            file.Dispose();
        }
    }
}
