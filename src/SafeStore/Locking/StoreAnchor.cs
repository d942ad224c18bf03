using System;
using System.Globalization;
using SafeStore.FileSystem;

namespace SafeStore.Locking;

/// <summary>
/// The store's own locks: bytes of store.json, which is written once and never replaced. The names' locks follow from the 64th on.
/// </summary>
internal enum StoreLock
{
    /// <summary>Shared while the store is open; exclusive for recovery.</summary>
    Open = 0,

    /// <summary>For an append, or to look for the log's end.</summary>
    Log = 1,

    /// <summary>For a sync of the log that several processes share.</summary>
    Sync = 2,

    /// <summary>For a checkpoint.</summary>
    Checkpoint = 3,

    /// <summary>The first of the 64 that guard the creation and removal of sandboxes.</summary>
    FirstName = 64,
}

/// <summary>
/// store.json and the words file, open as long as the store is. A cleaner of stale lock files finds none; and a process whose anchor was
/// deleted or replaced all the same notices that before it acknowledges anything.
/// </summary>
internal sealed class StoreAnchor : IDisposable
{
    private readonly IDurableFileSystem _fs;
    private readonly LockWaiting _waiting;
    private readonly LockHolders _holders;
    private readonly DirectoryHandle _top;
    private readonly (string Path, FileStatus Status)[] _files;

    /// <param name="fs">The filesystem.</param>
    /// <param name="file">store.json; owned from now on.</param>
    /// <param name="words">The words file; owned from now on.</param>
    /// <param name="waiting">How to wait for its locks.</param>
    public StoreAnchor(IDurableFileSystem fs, FileHandle file, FileHandle words, LockWaiting waiting)
    {
        _fs = fs;
        _waiting = waiting;
        _holders = new LockHolders(fs, words);
        File = file;
        Words = words;
        StorageException.ThrowIfFailed(fs.Stat(file, out FileStatus anchor), "look at the store's document", file);
        StorageException.ThrowIfFailed(fs.Stat(words, out FileStatus shared), "look at the store's words", words);
        StorageException.ThrowIfFailed(fs.OpenRoot("/", out DirectoryHandle? top), "open the directory", "/");
        _top = top!;
        _files = [(file.Path, anchor), (words.Path, shared)];
    }

    public FileHandle File { get; }

    public FileHandle Words { get; }

    /// <summary>
    /// One of the store's locks. It needs a gate of the process in front: two locks through one handle do not exclude each other.
    /// </summary>
    public FileLock LockOf(StoreLock which, int number = 0)
    {
        string name = which switch
        {
            StoreLock.Open => "open",
            StoreLock.Log => "log",
            StoreLock.Sync => "sync",
            StoreLock.Checkpoint => "checkpoint",
            _ => string.Create(CultureInfo.InvariantCulture, $"of the sandbox names {number}"),
        };
        return new FileLock(_fs, File, LockRange.Byte((long)which + number), _waiting, new StoreLockName(name, _holders));
    }

    /// <summary>
    /// Looks, by absolute paths, whether the files are still those that this process has open: the directories above may have been replaced
    /// too.
    /// </summary>
    /// <param name="segment">The path of the log's current segment, which is looked at as well.</param>
    /// <param name="status">What it was when it was opened.</param>
    /// <param name="path">The first file that is not, or could not be looked at.</param>
    /// <returns><see cref="Errno.NotFound"/> if one is not.</returns>
    public Errno FindReplaced(string segment, in FileStatus status, out string path)
    {
        foreach ((string file, FileStatus opened) in _files)
        {
            path = file;
            if (Look(file, opened) is var errno and not Errno.None)
            {
                return errno;
            }
        }

        path = segment;
        return Look(segment, status);
    }

    /// <summary>Looks whether a lock that was just taken is still the store's.</summary>
    /// <exception cref="StoreMetadataException">The files were replaced while the store was being opened.</exception>
    public void ThrowIfReplaced()
    {
        foreach ((string file, FileStatus opened) in _files)
        {
            if (Look(file, opened) is var errno and not Errno.None)
            {
                StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "look at", file);
                throw new StoreMetadataException(file, "it was replaced while the store was being opened; open the store again");
            }
        }
    }

    public void Dispose()
    {
        _top.Dispose();
        Words.Dispose();
        File.Dispose();
    }

    private Errno Look(string path, in FileStatus opened)
    {
        Errno errno = _fs.Stat(_top, path.TrimStart('/'), out FileStatus named);
        // shortened: what was durable in it is gone
        bool isAnother = errno == Errno.None && (!named.IsSameFile(opened) || named.Size < opened.Size);
        return errno == Errno.NotDirectory || isAnother ? Errno.NotFound : errno;
    }
}
