using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;

namespace SafeStore.Locking;

/// <summary>
/// A lock between processes: flock on a file that this owns, or a lock on a byte of the store's anchor. It does not order the threads of
/// this process; a <see cref="FairLock"/> in front does.
/// </summary>
internal sealed class FileLock(IDurableFileSystem fs, FileHandle file, LockRange range, LockWaiting waiting, StoreLockName? name = null)
    : IDisposable
{
    private const int Spins = 8;

    /// <summary>A waiter for the whole file holds this byte of it, far from where other programs would look for one.</summary>
    public const long AnnouncementOffset = 1L << 62;

    private static readonly LockRange s_announcement = LockRange.Byte(AnnouncementOffset);

    public FileHandle File => file;

    public LockWaiting Waiting => waiting;

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

    /// <summary>
    /// Tries once. A reader does not pass a process that waits to have the file exclusively: readers that take turns would keep it waiting
    /// for ever.
    /// </summary>
    public bool TryAcquire(LockMode mode) => !(mode == LockMode.Shared && range.IsWhole && IsWaitedFor()) && TryLock(mode);

    /// <summary>Whether another process, or another store object of this one, waits to have the file exclusively.</summary>
    public bool IsWaitedFor()
    {
        Errno errno = fs.TestLock(file, s_announcement, LockMode.Shared);
        StorageException.ThrowIfFailed(errno == Errno.WouldBlock ? Errno.None : errno, "look for waiters at", file);
        return errno == Errno.WouldBlock;
    }

    /// <summary>
    /// Tries until it has the file; false when the time is up. A writer announces itself for that time, if no other has; a reader lets the
    /// announced one go first, and keeps others from announcing themselves before it has had its turn.
    /// </summary>
    public async ValueTask<bool> TryInTurnAsync(LockMode mode, TimeSpan timeout, CancellationToken cancellation)
    {
        var waiter = new Waiter(this, mode);
        try
        {
            return await waiting.TryUntilAsync(static waiter => waiter.TryAcquire(), waiter, timeout, cancellation).ConfigureAwait(false);
        }
        finally
        {
            waiter.Leave();
        }
    }

    private bool TryLock(LockMode mode)
    {
        Errno errno = fs.TryLock(file, range, mode);
        if (errno != Errno.WouldBlock)
        {
            StorageException.ThrowIfFailed(errno, "lock", file);
        }

        if (errno == Errno.None && mode == LockMode.Exclusive && name is not null)
        {
            Tell(name.Holders);
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

    public ValueTask<bool> TryAcquireAsync(LockMode mode, TimeSpan timeout, CancellationToken cancellation) =>
        waiting.TryUntilAsync(static state => state.self.TryAcquire(state.mode), (self: this, mode), timeout, cancellation);

    public void Release() => StorageException.ThrowIfFailed(fs.Unlock(file, range), "unlock", file);

    /// <summary>False if it is still held, after a second try.</summary>
    public bool TryRelease() => TryUnlock(range) || TryUnlock(range);

    /// <param name="timeout">How long was waited.</param>
    /// <param name="unknownHolder">What holds it if the kernel does not tell.</param>
    /// <param name="what">The lock's name, if it is not always the same.</param>
    /// <param name="path">Where the file lies now, if it may have been renamed since it was opened.</param>
    public LockTimeoutException TimedOut(TimeSpan timeout, string? unknownHolder, string? what = null, string? path = null) =>
        new(
        path ?? file.Path, timeout,
        name?.Holders.HoldersOf(range) ?? [.. fs.LockHolders(file).Where(static holder => holder.ProcessId != 0)],
        unknownHolder, what ?? name?.Text);

    private bool TryAnnounce(LockMode mode)
    {
        Errno errno = fs.TryLock(file, s_announcement, mode);
        StorageException.ThrowIfFailed(errno == Errno.WouldBlock ? Errno.None : errno, "wait for", file);
        return errno == Errno.None;
    }

    private bool TryUnlock(LockRange what)
    {
        try
        {
            return fs.Unlock(file, what) == Errno.None;
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

    /// <summary>One that waits for the whole file.</summary>
    private sealed class Waiter(FileLock owner, LockMode mode)
    {
        private bool _isAnnounced;

        public bool TryAcquire()
        {
            _isAnnounced = _isAnnounced || owner.TryAnnounce(mode);
            return (_isAnnounced || mode == LockMode.Exclusive) && owner.TryLock(mode);
        }

        public void Leave()
        {
            if (_isAnnounced)
            {
                _ = owner.TryUnlock(s_announcement) || owner.TryUnlock(s_announcement);
            }
        }
    }
}

/// <summary>How one of the store's own locks is called, and where it is told which process holds it.</summary>
internal sealed record StoreLockName(string Text, LockHolders Holders);

/// <summary>
/// The process that holds each of the store's own locks, in the words file: /proc/locks names no process for a lock of this kind, and a
/// time-out must. For messages only.
/// </summary>
internal sealed class LockHolders(IDurableFileSystem fs, FileHandle words)
{
    public const int Bytes = 2048;

    private const int Start = 1024;

    /// <summary>This process has the lock.</summary>
    public void Tell(LockRange range)
    {
        if (Read(range) != Environment.ProcessId)
        {
            Span<byte> bytes = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, Environment.ProcessId);
            _ = fs.Write(words, bytes, PlaceOf(range), out _);
        }
    }

    public IReadOnlyList<LockHolder> HoldersOf(LockRange range) =>
        Read(range) is var holder and > 0 ? [new LockHolder(holder, fs.CommandOf(holder), IsExclusive: true)] : [];

    private int Read(LockRange range)
    {
        Span<byte> bytes = stackalloc byte[8];
        return fs.Read(words, bytes, PlaceOf(range), out int count) == Errno.None && count == bytes.Length
            ? (int)BinaryPrimitives.ReadInt64LittleEndian(bytes) : 0;
    }

    public static long PlaceOf(LockRange range) => Start + (range.Offset * sizeof(long));
}
