using System;
using System.Collections.Generic;
using SafeStore.FileSystem;

namespace SafeStore.Transactions;

/// <summary>
/// Files to be synced together. The fsync of a file whose data has no place on the disk yet commits the filesystem's journal, and while that is being done,
/// whoever changes a name waits. So the write-back of all of them is started first: then the first fsync's journal commit covers all, and each other
/// costs a flush.
/// </summary>
/// <typeparam name="T">What tells the files apart.</typeparam>
/// <param name="fs">The filesystem.</param>
/// <param name="filesMax">How many files: the fewer, the shorter does anybody wait for the journal; the more, the fewer commits of the journal.</param>
internal sealed class SyncBatch<T>(IDurableFileSystem fs, int filesMax) : IDisposable
{
    private readonly List<(FileHandle File, T What)> _files = [];

    /// <summary>Whether as many handles are open as should be.</summary>
    public bool IsFull => _files.Count >= filesMax;

    /// <summary>Takes a file, to close it after its sync.</summary>
    public void Add(FileHandle file, T what)
    {
        _files.Add((file, what));
        _ = fs.StartWriteBack(file); // a hint; the sync tells
    }

    /// <summary>Syncs every file, also after one has failed, and closes it.</summary>
    /// <returns>Those that may not be durable.</returns>
    public List<(T What, Errno Errno)> Sync()
    {
        var failed = new List<(T What, Errno Errno)>();
        foreach ((FileHandle file, T what) in _files)
        {
            Errno errno = fs.SyncFile(file);
            if (errno != Errno.None)
            {
                failed.Add((what, errno));
            }
        }

        Dispose();
        return failed;
    }

    public void Dispose()
    {
        _files.ForEach(static entry => entry.File.Dispose());
        _files.Clear();
    }
}
