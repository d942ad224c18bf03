using System;
using SafeStore.FileSystem;

namespace SafeStore.Log;

/// <summary>
/// Writes batches into a segment. Past the page cache, which saves the sync from writing back, as long as this process is alone; through it
/// while others append too, since they read what was appended. No batch shares a block with another, so that both may meet in one file.
/// </summary>
internal sealed class SegmentWriter(LogDirectory directory, SegmentReader segment, Func<string, Errno, StoreFaultedException> fault)
    : IDisposable
{
    private readonly IDurableFileSystem _fs = directory.FileSystem;
    private FileHandle? _direct;
    private bool _isOpened;

    private FileHandle File => segment.File;

    /// <summary>Writes a batch, all of it.</summary>
    /// <exception cref="StorageException">Nothing of the batch counts.</exception>
    /// <exception cref="StoreFaultedException">A part of it may stand in the log, and could not be taken back.</exception>
    public void Write(ReadOnlySpan<byte> bytes, long start, bool isAlone)
    {
        for (int written = 0; written < bytes.Length;)
        {
            Errno errno = WriteOnce(bytes[written..], start + written, isAlone, out int count);
            if (errno != Errno.None || count == 0)
            {
                if (written > 0 || errno is not (Errno.NoSpace or Errno.QuotaExceeded) || MayStand(start))
                {
                    Invalidate(start); // else nothing was written, and nothing need be, for which there would be no space either
                }

                throw new StorageException("append to the log", File.Path, errno == Errno.None ? Errno.NoSpace : errno);
            }

            written += count;
        }
    }

    public void Dispose() => _direct?.Dispose();

    private Errno WriteOnce(ReadOnlySpan<byte> bytes, long start, bool isAlone, out int count)
    {
        // What is left of a block after a short write goes through the cache, which knows how to write it.
        if (isAlone && start % RecordFormat.BlockBytes == 0 && Direct is { } direct)
        {
            Errno errno = _fs.Write(direct, bytes, start, out count);
            if (errno != Errno.Invalid)
            {
                return errno;
            }

            // The disk wants something else of a direct write than this; nothing was written.
            direct.Dispose();
            _direct = null;
        }

        return _fs.Write(File, bytes, start, out count);
    }

    /// <summary>
    /// The segment, opened for writes past the cache; null where that is not possible, for whatever reason: the cache will do.
    /// </summary>
    private FileHandle? Direct
    {
        get
        {
            if (!_isOpened)
            {
                _isOpened = true;
                _ = directory.OpenDirect(segment.Header.FirstLsn, out _direct);
            }

            return _direct;
        }
    }

    /// <summary>
    /// Whether something of the batch is there all the same: past the cache, a disk may have taken a part before it said so.
    /// </summary>
    private bool MayStand(long start)
    {
        Span<byte> found = stackalloc byte[RecordFormat.HeaderBytes];
        return _fs.Read(File, found, start, out int count) != Errno.None
            || RecordFormat.TryReadHeader(found[..count], segment.Header.Salt, out _);
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
