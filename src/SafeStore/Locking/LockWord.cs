using System;
using System.Buffers.Binary;
using System.IO.Hashing;
using SafeStore.FileSystem;

namespace SafeStore.Locking;

/// <summary>What a sandbox's lock word says.</summary>
internal enum LockWordState
{
    /// <summary>
    /// The file is empty or damaged: it is new, comes from another program, or one has truncated it (a shell's <c>9&gt;lock</c> does).
    /// The next holder looks at the log, as for <see cref="Committing"/>.
    /// </summary>
    Unknown = 0,

    /// <summary>No transaction is under way.</summary>
    Idle = 1,

    /// <summary>A transaction is between its first step and its last; if the lock is free, its process died.</summary>
    Committing = 2,
}

/// <summary>
/// The 40 bytes in a sandbox's lock file: state and LSN of its last transaction, and the LSN of the last one that was of several sandboxes:
/// the store can be cut between two transactions where no participant of such a one says "committing", and none is cut off. Written with
/// one pwrite under the exclusive lock. It serves process death, so it is never synced at commit; the checkpoint syncs it, so that a
/// version never goes back.
/// </summary>
/// <param name="State">Whether a transaction is under way.</param>
/// <param name="Lsn">The sandbox's last transaction that was published.</param>
/// <param name="OfSeveral">The last of them that was of several sandboxes; 0 if none was.</param>
internal readonly record struct LockWord(LockWordState State, Lsn Lsn, Lsn OfSeveral)
{
    public const int Bytes = 40;

    private const ulong Magic = 0x3244_524F_574B_434C; // "LCKWORD2"

    public static LockWord Read(IDurableFileSystem fs, FileHandle file)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        StorageException.ThrowIfFailed(fs.Read(file, bytes, 0, out int count), "read the lock word", file);
        return count == Bytes ? Decode(bytes) : default;
    }

    /// <summary>Reads the word of a lock file that is not open; null if there is none.</summary>
    public static LockWord? TryRead(IDurableFileSystem fs, DirectoryHandle directory, string name)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        Errno errno = fs.ReadWhole(directory, name, bytes, out int count);
        if (errno == Errno.NotFound)
        {
            return null;
        }

        StorageException.ThrowIfFailed(errno, "read the lock word", directory, name);
        return count == Bytes ? Decode(bytes) : default(LockWord);
    }

    /// <summary>
    /// For an empty lock file, before its first word: the next ones, a removal's among them, must not need space where each write is a
    /// copy.
    /// </summary>
    public static void Reserve(IDurableFileSystem fs, FileSystemTraits traits, FileHandle file)
    {
        if (traits.CopiesOnWrite)
        {
            StorageException.ThrowIfFailed(fs.Allocate(file, Bytes), "reserve space for the lock word", file);
        }
    }

    public void Write(IDurableFileSystem fs, FileHandle file)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], Magic);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], Lsn.Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], (long)State);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[32..], OfSeveral.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, XxHash3.HashToUInt64(bytes[8..]));
        Errno errno = fs.Write(file, bytes, 0, out int count);
        StorageException.ThrowIfFailed(errno == Errno.None && count != Bytes ? Errno.NoSpace : errno, "write the lock word", file);
    }

    private static LockWord Decode(ReadOnlySpan<byte> bytes)
    {
        long state = BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]);
        bool isValid = BinaryPrimitives.ReadUInt64LittleEndian(bytes) == XxHash3.HashToUInt64(bytes[8..])
            && BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) == Magic
            && (state is (long)LockWordState.Idle or (long)LockWordState.Committing);
        return isValid ? new LockWord((LockWordState)state, ReadLsn(bytes[16..]), ReadLsn(bytes[32..])) : default;
    }
    private static Lsn ReadLsn(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadInt64LittleEndian(bytes));
}
