using System;

namespace SafeStore.FileSystem;

/// <summary>
/// An open file or directory. It stands for the thing itself, not for its name: it goes on meaning the same when that is renamed or
/// removed. Disposing it closes it and releases every lock held through it. A child process never inherits it.
/// </summary>
public abstract class Handle : IDisposable
{
    /// <summary>The path by which it was opened, for messages only.</summary>
    public abstract string Path { get; }

    /// <summary>Closes the handle and releases the locks held through it.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the handle.</summary>
    /// <param name="disposing">True when called by <see cref="Dispose()"/>.</param>
    protected abstract void Dispose(bool disposing);
}

/// <summary>An open directory.</summary>
public abstract class DirectoryHandle : Handle;

/// <summary>An open file.</summary>
public abstract class FileHandle : Handle;

/// <summary>
/// A read-only view of the first bytes of a file, shared by all processes that have it open: what one writes into the file with
/// <see cref="IDurableFileSystem.Write"/>, the others see here at once and without a system call (mmap(2), MAP_SHARED).
/// </summary>
public abstract class SharedWords : IDisposable
{
    /// <summary>The 64-bit little-endian word at <c>index * 8</c>, as it is now.</summary>
    /// <param name="index">0 to 7.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index is outside 0 to 7.</exception>
    public abstract ulong Read(int index);

    /// <summary>
    /// Blocks the thread while the word has this value, until <see cref="Wake"/> is called or the time is up (futex(2), FUTEX_WAIT).
    /// It may end for no reason, and a process that dies wakes no other: look at the word again, and keep the time short.
    /// </summary>
    /// <param name="index">0 to 7.</param>
    /// <param name="value">The value seen last; only its lower 32 bits count.</param>
    /// <param name="timeout">The longest wait, above zero.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index is outside 0 to 7, or the time is not above zero.</exception>
    public abstract void Wait(int index, ulong value, TimeSpan timeout);

    /// <summary>Wakes all that wait for a word, in all processes (futex(2), FUTEX_WAKE).</summary>
    /// <param name="index">0 to 7.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index is outside 0 to 7.</exception>
    public abstract void Wake(int index);

    /// <summary>Ends the view.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends the view.</summary>
    /// <param name="disposing">True when called by <see cref="Dispose()"/>.</param>
    protected abstract void Dispose(bool disposing);
}
