using System;
using System.Buffers.Binary;
using System.Threading;
using SafeStore.FileSystem;
using SafeStore.Locking;

namespace SafeStore.Log;

/// <summary>What the words file says of the store.</summary>
internal enum StoreStatus : ulong
{
    /// <summary>Nothing yet: the file is new, or its writer died at once.</summary>
    Unknown = 0,

    /// <summary>Its owner, holding it exclusively, is recovering the store.</summary>
    Recovering = 0x5245_434F_5645_5259,

    /// <summary>Recovered; every process may join.</summary>
    Open = 0x4F50_454E_4F50_454E,

    /// <summary>A sync has failed: no writes until all have closed and one has recovered.</summary>
    Faulted = 0x4641_554C_5445_4421,
}

/// <summary>The words of the words file, by their places.</summary>
internal enum SharedWord
{
    /// <summary>A <see cref="StoreStatus"/>.</summary>
    Status,

    /// <summary>Who appended last, or has begun to.</summary>
    TailOwner,

    /// <summary>Grows with every new segment.</summary>
    Epoch,

    /// <summary>The last LSN appended; may lag behind.</summary>
    AppendedLsn,

    /// <summary>The last LSN synced; may lag behind.</summary>
    SyncedLsn,

    /// <summary>1 while a process waits for the log lock.</summary>
    LogLockWaiting,

    /// <summary>1 while a process waits for the sync lock.</summary>
    SyncLockWaiting,

    /// <summary>1 while a process waits for a commit.</summary>
    CommitAwaited,

    /// <summary>The inode of the config root's metadata directory: a copy by hard links has the same words and another one.</summary>
    Home,

    /// <summary>When the last recovery has ended, by the clock of files, in ticks.</summary>
    Since,

    /// <summary>The store's life, so that it tells whether the words are still those that its first opener wrote.</summary>
    Life,
}

/// <summary>
/// The words that the processes of a store share in the words file, never synced: they serve process death, not power loss, since the
/// first opener recovers anyway. The mapping serves only those who sleep until a word changes.
/// </summary>
/// <remarks>
/// <c>TailOwner</c> and <c>Epoch</c> are written under the log lock only. The tail owner is the process that appended last: it knows where
/// the log ends; the others read forward first. The epoch grows with every new segment: a process that knows another one looks at the
/// directory again. The other words only save work: what they say is true, and what they do not say yet costs a wait or a sync of one's
/// own.
/// </remarks>
internal sealed class SharedState : IDisposable
{
    public const string FileName = "words";

    private const int Bytes = 88;

    private readonly IDurableFileSystem _fs;
    private readonly FileHandle _file;
    private readonly SharedWords? _words;
    private readonly ulong _home;
    private ulong _life;

    /// <param name="fs">The filesystem.</param>
    /// <param name="file">The words file.</param>
    /// <param name="home">The inode of the directory that it lies in.</param>
    public SharedState(IDurableFileSystem fs, FileHandle file, ulong home = 0)
    {
        _fs = fs;
        _home = home;
        _file = file;
        // A filesystem that cannot map (ENODEV) costs a pread per look instead.
        Errno errno = fs.MapWords(file, out _words);
        if (errno != Errno.NoDevice && errno != Errno.NotSupported)
        {
            StorageException.ThrowIfFailed(errno, "map the shared state", file);
        }
    }

    /// <summary>Whether <see cref="Wait"/> sleeps.</summary>
    public bool CanSleep => _words is not null;

    public StoreStatus Status => (StoreStatus)Read(SharedWord.Status);

    /// <summary>Whether the store is faulted, or the words themselves are gone.</summary>
    public bool IsFaulted
    {
        get
        {
            try
            {
                return Status == StoreStatus.Faulted;
            }
            catch (StoreFaultedException)
            {
                return true;
            }
        }
    }

    public ulong TailOwner => Read(SharedWord.TailOwner);

    public ulong Epoch => Read(SharedWord.Epoch);

    public Lsn AppendedLsn => new((long)ReadHint(SharedWord.AppendedLsn));

    public Lsn SyncedLsn => new((long)ReadHint(SharedWord.SyncedLsn));

    /// <summary>
    /// What the users of a life have synced, as far as these words tell: they are never synced, and after a power loss they may be those of
    /// another life, or anything. (All of them lie in one sector.)
    /// </summary>
    public Lsn FindSynced(LifeId life) => Read(SharedWord.Life) == WordOf(life) ? new Lsn((long)Read(SharedWord.SyncedLsn)) : default;

    /// <summary>Makes the file long enough to be mapped; the first opener does, and to write zeros twice does no harm.</summary>
    public static void EnsureLength(IDurableFileSystem fs, FileHandle file)
    {
        StorageException.ThrowIfFailed(fs.Stat(file, out FileStatus status), "look at the shared state", file);
        if (status.Size < LockHolders.Bytes)
        {
            StorageException.ThrowIfFailed(fs.Allocate(file, LockHolders.Bytes), "reserve space for the shared state", file);
        }
    }

    public void SetStatus(StoreStatus status) => Write(SharedWord.Status, (ulong)status);

    /// <summary>Marks the store as faulted, for other processes and the next opener, as well as can be.</summary>
    public void TryFault()
    {
        try
        {
            SetStatus(StoreStatus.Faulted);
        }
        catch (StorageException)
        {
            // Each process that holds the file whose sync has failed is told of that by the kernel too.
        }
    }

    public void SetTailOwner(ulong owner) => Write(SharedWord.TailOwner, owner);

    public void NextEpoch() => Write(SharedWord.Epoch, Epoch + 1);

    /// <summary>Says what was appended; without success the others sync more often.</summary>
    public void TrySetAppended(Lsn lsn) => _ = TryWrite(SharedWord.AppendedLsn, (ulong)lsn.Value);

    /// <summary>Says what was synced; without success the others sync more often.</summary>
    public void TrySetSynced(Lsn lsn) => _ = TryWrite(SharedWord.SyncedLsn, (ulong)lsn.Value);

    /// <summary>
    /// Forgets what former users of the store have appended, synced and waited for: the store may have been restored from an older copy
    /// since.
    /// </summary>
    /// <param name="life">The life that has begun.</param>
    public void StartOver(LifeId life)
    {
        SetTailOwner(0);
        Write(SharedWord.AppendedLsn, 0);
        Write(SharedWord.SyncedLsn, 0);
        Write(SharedWord.LogLockWaiting, 0);
        Write(SharedWord.SyncLockWaiting, 0);
        Write(SharedWord.Life, WordOf(life));
        Write(SharedWord.Home, _home);
        StorageException.ThrowIfFailed(_fs.LastChange(_file, out DateTimeOffset now), "look at the store's words", _file);
        Write(SharedWord.Since, (ulong)now.Ticks);
        NextEpoch();
    }

    /// <summary>From now on the words must be those of the recovery that this process has joined.</summary>
    /// <returns>When that recovery has ended.</returns>
    /// <exception cref="StoreMetadataException">They are those of another directory's store.</exception>
    public DateTimeOffset Join()
    {
        if (Read(SharedWord.Home) != _home)
        {
            throw new StoreMetadataException(
                _file.Path,
                "it is one file, by a hard link, with that of a copy of this store, which is open. Close that store, or copy without links "
                + "(cp -a)");
        }

        _life = Read(SharedWord.Life);
        return new DateTimeOffset((long)Read(SharedWord.Since), TimeSpan.Zero);
    }

    /// <summary>Sleeps while the word has this value, until it is woken or the time is up; without a mapping, not at all.</summary>
    public void Wait(SharedWord word, ulong value, TimeSpan timeout) => _words?.Wait((int)word, value, timeout);

    public void Wake(SharedWord word) => _words?.Wake((int)word);

    /// <summary>Lets those go on that sleep while the word is 1.</summary>
    public void EndWait(SharedWord word)
    {
        _ = TryWrite(word, 0);
        Wake(word);
    }

    /// <summary>
    /// Wakes the processes that wait for a commit. One that announces itself after this look at the word looks at the log after that.
    /// </summary>
    public void TryAnnounceCommit()
    {
        try
        {
            if (ReadHint(SharedWord.CommitAwaited) != 0)
            {
                EndWait(SharedWord.CommitAwaited);
            }
        }
        catch (Exception failure) when (failure is SafeStoreException or OutOfMemoryException)
        {
            // What was committed stays so. Words that are gone the next append tells; a waiter looks again when its time is up.
        }
    }

    public void Dispose() => _words?.Dispose();

    /// <summary>A word that only saves work: zero where looking at it would cost a system call.</summary>
    public ulong ReadHint(SharedWord word) => _words is null ? 0 : Read(word);

    public Errno TryWrite(SharedWord word, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        Errno errno = _fs.Write(_file, bytes, (int)word * 8, out int count);
        return errno == Errno.None && count != 8 ? Errno.NoSpace : errno;
    }

    /// <summary>
    /// By a call, never through the mapping: a file that another program has shortened would kill the process. One that was emptied, and
    /// has grown again, has lost its life.
    /// </summary>
    private ulong Read(SharedWord word)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        StorageException.ThrowIfFailed(_fs.Read(_file, bytes, 0, out int count), "read the store's words", _file);
        bool isWhole = count == bytes.Length
            && (_life == 0 || BinaryPrimitives.ReadUInt64LittleEndian(bytes[((int)SharedWord.Life * 8)..]) == _life);
        return isWhole ? BinaryPrimitives.ReadUInt64LittleEndian(bytes[((int)word * 8)..])
            : throw new StoreFaultedException($"its file '{_file.Path}' was shortened or replaced by another program.");
    }

    /// <summary>What stands for a life among the words.</summary>
    public static ulong WordOf(LifeId life) => BinaryPrimitives.ReadUInt64LittleEndian(life.Id.ToByteArray()) | 1;

    private void Write(SharedWord word, ulong value) =>
        StorageException.ThrowIfFailed(TryWrite(word, value), "write the shared state", _file);
}

/// <summary>
/// Whether a sync has failed since the last recovery, in this process or in another that has the store open: then nothing is
/// acknowledged any more.
/// </summary>
internal sealed class FaultMark(SharedState shared)
{
    private StoreFaultedException? _fault;

    /// <summary>Is told of the first fault of this process.</summary>
    public Action<Exception>? Told { private get; set; }

    public bool IsFaulted => _fault is not null || shared.IsFaulted;

    public void ThrowIfFaulted()
    {
        if (_fault is { } fault)
        {
            throw new StoreFaultedException("a sync has failed in this process.", fault);
        }

        if (shared.Status == StoreStatus.Faulted)
        {
            throw new StoreFaultedException("a sync has failed in another process that has it open.");
        }
    }

    /// <summary>Faults the store for all processes, because of a sync.</summary>
    public StoreFaultedException Fault(string path, Errno errno) =>
        Fault(new StoreFaultedException(
            $"the sync of '{path}' failed with errno {(int)errno} ({errno}).", new StorageException("sync", path, errno)));

    /// <summary>Faults the store for all processes, because of something that should not happen.</summary>
    public StoreFaultedException Fault(string path, Exception failure) =>
        Fault(new StoreFaultedException($"writing '{path}' failed unexpectedly ({failure.Message}).", failure));

    public StoreFaultedException Fault(StoreFaultedException fault)
    {
        bool isFirst = Interlocked.CompareExchange(ref _fault, fault, null) is null;
        shared.TryFault();
        if (isFirst)
        {
            Told?.Invoke(fault);
        }

        return fault;
    }
}
