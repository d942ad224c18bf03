using System;
using System.Buffers.Binary;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Roots;

namespace SafeStore.Operations.Backups;

/// <summary>
/// Who may be changing a store: the users of a life, or no process. Between two equal moments no recovery has begun, and none has ended.
/// </summary>
/// <param name="IsOpen">Whether a process has it open. If none has, its documents are what the log makes of them.</param>
/// <param name="Epoch">Grows with each recovery, and with each segment.</param>
/// <param name="Life">The word of the life.</param>
internal readonly record struct StoreMoment(bool IsOpen, ulong Epoch, ulong Life)
{
    /// <exception cref="StoreFaultedException">A sync has failed: what is durable is not known.</exception>
    /// <exception cref="BackupException">It is being recovered.</exception>
    /// <exception cref="StorageException">What tells may not be read.</exception>
    public static StoreMoment Read(RootSet roots)
    {
        IDurableFileSystem fs = roots.FileSystem;
        bool isOpen = IsHeldOpen(roots);
        byte[] words = new byte[LockHolders.Bytes];
        StorageException.ThrowIfFailed(
            fs.ReadWhole(roots.Run.Metadata, SharedState.FileName, words, out int count), "read the store's words", roots.Run.Metadata,
            SharedState.FileName);
        var status = (StoreStatus)(count == words.Length ? WordOf(words, SharedWord.Status) : 0);
        return status switch
        {
            StoreStatus.Faulted => throw new StoreFaultedException("what of its log is durable is not known, so no backup is made."),
            StoreStatus.Recovering when isOpen => throw new BackupException(
                "A process is recovering the store. Make the backup when that has ended; 'safestore status' tells."),
            _ => new StoreMoment(isOpen, isOpen ? 0 : WordOf(words, SharedWord.Epoch), WordOf(words, SharedWord.Life)),
        };
    }

    private static bool IsHeldOpen(RootSet roots)
    {
        IDurableFileSystem fs = roots.FileSystem;
        DirectoryHandle metadata = roots.Config.Metadata;
        StorageException.ThrowIfFailed(
            fs.OpenFile(metadata, StoreDocument.FileName, FileUse.Read, out FileHandle? anchor), "look whether the store is open by",
            metadata, StoreDocument.FileName);
        using (anchor)
        {
            Errno errno = fs.TestLock(anchor!, LockRange.Byte((long)StoreLock.Open), LockMode.Exclusive);
            StorageException.ThrowIfFailed(errno == Errno.WouldBlock ? Errno.None : errno, "look whether the store is open by", anchor!);
            return errno == Errno.WouldBlock;
        }
    }

    private static ulong WordOf(byte[] words, SharedWord word) =>
        BinaryPrimitives.ReadUInt64LittleEndian(words.AsSpan((int)word * sizeof(ulong)));
}
