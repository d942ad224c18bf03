using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using SafeStore.FileSystem;

namespace SafeStore.Threads;

/// <summary>
/// Files to be synced together. The fsync of a file whose data has no place on the disk yet commits the filesystem's journal, and while
/// that is being done, every change of a name waits. So the write-back of all of them is started first, and several are synced at a time:
/// then one journal commit covers many.
/// </summary>
/// <typeparam name="T">What tells the files apart.</typeparam>
/// <param name="fs">The filesystem.</param>
/// <param name="sideBySide">Syncs them.</param>
/// <param name="filesMax">
/// How many files: the fewer, the shorter is a wait for the journal; the more, the fewer commits of the journal.
/// </param>
internal sealed class SyncBatch<T>(IDurableFileSystem fs, ParallelCalls sideBySide, int filesMax) : IDisposable
{
    private readonly List<(FileHandle File, T What, Errno Start)> _files = [];

    /// <summary>Whether as many handles are open as should be.</summary>
    public bool IsFull => _files.Count >= filesMax;

    /// <summary>Takes a file, to close it after its sync.</summary>
    public void Add(FileHandle file, T what)
    {
        _files.Add((file, what, Errno.None));

        // What the filesystem gives up here it may tell of here only: the sync after it finds nothing left to be written.
        _files[^1] = (file, what, fs.StartWriteBack(file));
    }

    /// <summary>Syncs every file, also after one has failed, and closes it.</summary>
    /// <returns>Those that may not be durable: their write-back could not be started, or their sync has failed.</returns>
    public List<(T What, Errno Errno)> Sync()
    {
        var answers = new Errno[_files.Count];
        sideBySide.ForEach(answers.Length, leastPerThread: 1, number => answers[number] = fs.SyncFile(_files[number].File));
        return Close(answers);
    }

    /// <inheritdoc cref="Sync"/>
    public async ValueTask<List<(T What, Errno Errno)>> SyncAsync()
    {
        var answers = new Errno[_files.Count];
        await sideBySide.ForEachAsync(answers.Length, number => answers[number] = fs.SyncFile(_files[number].File)).ConfigureAwait(false);
        return Close(answers);
    }

    public void Dispose()
    {
        _files.ForEach(static entry => entry.File.Dispose());
        _files.Clear();
    }

    private List<(T What, Errno Errno)> Close(Errno[] answers)
    {
        var failed = new List<(T What, Errno Errno)>();
        for (int i = 0; i < answers.Length; i++)
        {
            Errno errno = _files[i].Start == Errno.None ? answers[i] : _files[i].Start;
            if (errno != Errno.None)
            {
                failed.Add((_files[i].What, errno));
            }
        }

        Dispose();
        return failed;
    }
}
