using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using SafeStore.FileSystem;

namespace SafeStore.Locking;

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

    private static long PlaceOf(LockRange range) => Start + (range.Offset * sizeof(long));
}
