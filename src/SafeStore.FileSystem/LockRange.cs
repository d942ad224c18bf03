using System;

namespace SafeStore.FileSystem;

/// <summary>
/// What of a file a lock covers. Locks of the whole and locks of bytes do not see each other: the former are flock(2), the latter
/// open-file-description locks (fcntl(2), F_OFD_SETLK). Both belong to the handle, not to the process.
/// </summary>
public readonly record struct LockRange
{
    private readonly long _next;

    private LockRange(long next) => _next = next;

    /// <summary>The whole file or directory, by flock(2).</summary>
    public static LockRange Whole => default;

    /// <summary>Whether it is the whole, by flock(2).</summary>
    public bool IsWhole => _next == 0;

    /// <summary>The byte's position; -1 for the whole.</summary>
    public long Offset => _next - 1;

    /// <summary>One byte, which need not exist: the file may be shorter.</summary>
    /// <param name="offset">The byte's position, from 0 to <see cref="long.MaxValue"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The position is outside this range.</exception>
    public static LockRange Byte(long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfEqual(offset, long.MaxValue);
        return new LockRange(offset + 1);
    }

    /// <inheritdoc/>
    public override string ToString() => IsWhole ? "whole" : $"byte {Offset}";
}
