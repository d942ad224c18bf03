using System;
using SafeStore.FileSystem;

namespace SafeStore.Log;

/// <summary>
/// Writes batches into a segment. Past the page cache, which saves the sync from writing back, as long as this process is alone; through it while others append too,
/// since they read what was appended. No batch shares a block with another, so that both may meet in one file.
/// </summary>
internal sealed class SegmentWriter(LogDirectory directory, SegmentReader segment, Func<string, Errno, StoreFaultedException> fault) : IDisposable
{
    private readonly IDurableFileSystem _fs = directory.FileSystem;
    private FileHandle? _direct;
    private bool _isCachedOnly;

    private FileHandle File => segment.File;

    /// <summary>Writes a batch, all of it.</summary>
    /// <exception cref="StorageException">Nothing of the batch counts.</exception>
    /// <exception cref="StoreFaultedException">A part of it may stand in the log, and nobody could take it back.</exception>
    public void Write(ReadOnlySpan<byte> bytes, long start, bool isAlone)
    {
        int written = isAlone ? WriteDirect(bytes, start) : 0;
        while (written < bytes.Length)
        {
            Errno errno = _fs.Write(File, bytes[written..], start + written, out int count);
            if (errno != Errno.None || count == 0)
            {
                Invalidate(start);
                throw new StorageException("append to the log", File.Path, errno == Errno.None ? Errno.NoSpace : errno);
            }

            written += count;
        }
    }

    public void Dispose() => _direct?.Dispose();

    /// <summary>How many bytes were written past the cache. What this cannot write is written through it, which tells what is wrong, if anything is.</summary>
    private int WriteDirect(ReadOnlySpan<byte> bytes, long start)
    {
        if (_direct is null && !_isCachedOnly)
        {
            _isCachedOnly = directory.OpenDirect(segment.Header.FirstLsn, out _direct) != Errno.None;
        }

        if (_direct is null)
        {
            return 0;
        }

        Errno errno = _fs.Write(_direct, bytes, start, out int count);
        if (errno == Errno.Invalid)
        {
            _direct.Dispose();
            _direct = null;
            _isCachedOnly = true;
        }

        // A part of a block is left to the cache, which knows how to write it.
        return errno == Errno.None ? count / RecordFormat.BlockBytes * RecordFormat.BlockBytes : 0;
    }

    /// <summary>
    /// Takes back a batch that was written in part: its first record may be whole, and must not come to life after its transaction was
    /// reported as failed. If that cannot be made durable, the outcome is unknown.
    /// </summary>
    private void Invalidate(long start)
    {
        Span<byte> zeros = stackalloc byte[RecordFormat.HeaderBytes];
        zeros.Clear();
        Errno errno = _fs.Write(File, zeros, start, out int count);
        errno = errno == Errno.None && count != zeros.Length ? Errno.NoSpace : errno;
        errno = errno == Errno.None ? _fs.SyncData(File) : errno;
        if (errno != Errno.None)
        {
            throw fault(File.Path, errno);
        }
    }
}
