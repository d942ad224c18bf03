using System;
using System.Buffers.Binary;
using SafeStore.FileSystem;

namespace SafeStore.Log;

/// <summary>What open.lock says of the store.</summary>
internal enum StoreStatus : ulong
{
    /// <summary>Nothing yet: the file is new, or its writer died at once.</summary>
    Unknown = 0,

    /// <summary>Its owner, holding it exclusively, is recovering the store.</summary>
    Recovering = 0x5245_434F_5645_5259,

    /// <summary>Recovered; everybody may join.</summary>
    Open = 0x4F50_454E_4F50_454E,

    /// <summary>A sync has failed: no writes until all have closed and one has recovered.</summary>
    Faulted = 0x4641_554C_5445_4421,
}

/// <summary>
/// The words that the processes of a store share in open.lock, never synced: they serve process death, not power loss, since the
/// first opener recovers anyway. Read through a mapping, hence without a system call; written with pwrite.
/// </summary>
/// <remarks>
/// <c>TailOwner</c> and <c>Epoch</c> are written under log.lock only. The tail owner is whoever appended last: it knows where the log
/// ends; everybody else reads forward first. The epoch grows with every new segment: whoever knows another one looks at the directory again.
/// </remarks>
internal sealed class SharedState : IDisposable
{
    public const int Bytes = 64;

    private const int StatusWord = 0;
    private const int TailOwnerWord = 1;
    private const int EpochWord = 2;

    private readonly IDurableFileSystem _fs;
    private readonly FileHandle _file;
    private readonly SharedWords? _words;

    public SharedState(IDurableFileSystem fs, FileHandle file)
    {
        _fs = fs;
        _file = file;
        // A filesystem that cannot map (ENODEV) costs a pread per look instead.
        Errno errno = fs.MapWords(file, out _words);
        if (errno != Errno.NoDevice && errno != Errno.NotSupported)
        {
            StorageException.ThrowIfFailed(errno, "map the shared state", file.Path);
        }
    }

    public StoreStatus Status => (StoreStatus)Read(StatusWord);

    public ulong TailOwner => Read(TailOwnerWord);

    public ulong Epoch => Read(EpochWord);

    /// <summary>Makes the file long enough to be mapped; whoever comes first does, and to write zeros twice does no harm.</summary>
    public static void EnsureLength(IDurableFileSystem fs, FileHandle file)
    {
        StorageException.ThrowIfFailed(fs.Stat(file, out FileStatus status), "look at the shared state", file.Path);
        if (status.Size < Bytes)
        {
            StorageException.ThrowIfFailed(fs.Allocate(file, Bytes), "reserve space for the shared state", file.Path);
        }
    }

    public void SetStatus(StoreStatus status) => Write(StatusWord, (ulong)status);

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

    public void SetTailOwner(ulong owner) => Write(TailOwnerWord, owner);

    public void NextEpoch() => Write(EpochWord, Epoch + 1);

    public void Dispose() => _words?.Dispose();

    private ulong Read(int word)
    {
        if (_words is not null)
        {
            return _words.Read(word);
        }

        Span<byte> bytes = stackalloc byte[8];
        StorageException.ThrowIfFailed(_fs.Read(_file, bytes, word * 8, out int count), "read the shared state", _file.Path);
        return count == 8 ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : 0;
    }

    private void Write(int word, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        Errno errno = _fs.Write(_file, bytes, word * 8, out int count);
        StorageException.ThrowIfFailed(errno == Errno.None && count != 8 ? Errno.NoSpace : errno, "write the shared state", _file.Path);
    }
}
