using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Locking;

/// <summary>
/// What a process keeps open of one sandbox: its lock file, its directories, and what it knows of them as of a version. Believed only
/// while the lock is held, after the lock file was compared with its name: a removed sandbox takes its lock file with it.
/// </summary>
internal sealed class SandboxHandles : IDisposable
{
    private readonly IDurableFileSystem _fs;
    private readonly RootSet _roots;
    private readonly string _lockPath;
    private Directory? _config;
    private Directory? _run;
    private Dictionary<(StoreRoot Root, string Container), Directory>? _containers;
    private FileStatus? _lockFile;
    private Lsn _knownAt;

    public SandboxHandles(RootSet roots, string sandbox, FileLock fileLock, string? lockPath = null)
    {
        _fs = roots.FileSystem;
        _roots = roots;
        Sandbox = sandbox;
        Lock = fileLock;
        _lockPath = lockPath ?? LockPathOf(sandbox);
    }

    public string Sandbox { get; }

    public FileLock Lock { get; }

    /// <summary>The lock file's path below the run root.</summary>
    public static string LockPathOf(string sandbox) => $"{sandbox}/{Identifier.LockFile}";

    /// <summary>Whether the sandbox's lock file is still this one.</summary>
    public bool IsCurrent()
    {
        if (_lockFile is not { } own)
        {
            StorageException.ThrowIfFailed(_fs.Stat(Lock.File, out own), "look at the lock file", Lock.File);
            _lockFile = own;
        }

        Errno errno = _fs.Stat(_roots.Run.Directory, _lockPath, out FileStatus named);
        StorageException.ThrowIfFailed(
            errno is Errno.NotFound or Errno.NotDirectory ? Errno.None : errno, "look at the lock file", Lock.File);
        return errno == Errno.None && named.IsSameFile(own);
    }

    /// <summary>The last transaction of several sandboxes that the lock word tells of; known once the word was read or written.</summary>
    public Lsn OfSeveral { get; private set; }

    /// <summary>
    /// Whether a lock file was another directory's too, by a hard link, before the store was opened. (What a copy links to while the store
    /// is open goes on being this store's.) Neither is it written then, nor replaced: another program may wait for it.
    /// </summary>
    public static bool IsShared(RootSet roots, FileHandle lockFile, out FileStatus status)
    {
        IDurableFileSystem fs = roots.FileSystem;
        StorageException.ThrowIfFailed(fs.Stat(lockFile, out status), "look at the lock file", lockFile);
        return status.Links > 1
            && (fs.LastChange(lockFile, out DateTimeOffset linked) != Errno.None || linked <= roots.OpenSince);
    }

    public LockWord ReadWord()
    {
        LockWord word = LockWord.Read(_fs, Lock.File);
        OfSeveral = word.OfSeveral;
        return word;
    }

    public void WriteWord(LockWord word)
    {
        word.Write(_fs, Lock.File);
        OfSeveral = word.OfSeveral;
    }

    /// <summary>Keeps what is known only if no other process has changed the sandbox since.</summary>
    public void ForgetUnless(Lsn version)
    {
        if (version != _knownAt)
        {
            Forget();
            _knownAt = version;
        }
    }

    /// <summary>What is known holds at this version too: it is our own transaction's.</summary>
    public void KnowAt(Lsn version) => _knownAt = version;

    public void Forget()
    {
        foreach (Directory directory in _containers?.Values ?? Enumerable.Empty<Directory>())
        {
            directory.Handle.Dispose();
        }

        _config?.Handle.Dispose();
        _run?.Handle.Dispose();
        (_config, _run, _containers) = (null, null, null);
    }

    /// <summary>The directory of the sandbox, or of a container, in a root; null if it does not exist there.</summary>
    public DirectoryHandle? Find(StoreRoot root, string? container)
    {
        if (Known(root, container) is { } known)
        {
            return known.Handle;
        }

        string path = PathOf(container);
        Errno errno = _fs.OpenDirectory(_roots[root].Directory, path, out DirectoryHandle? directory);
        if (errno == Errno.NotFound)
        {
            return null;
        }

        StorageException.ThrowIfFailed(errno, "open the directory", _roots[root].Directory, path);
        using var owned = new OwnedParts();
        owned.Add(directory!);
        StorageException.ThrowIfFailed(_fs.Stat(directory!, out FileStatus status), "look at the directory", directory!);
        Know(root, container, new Directory(directory!, status));
        owned.Disown();
        return directory;
    }

    /// <summary>
    /// The same, found by its path also when it is open already: for a change, which must not go into a directory that another program has
    /// replaced, or has mounted something over.
    /// </summary>
    /// <exception cref="StorageException">It lies on another mount than its root (EXDEV), or is no directory.</exception>
    public DirectoryHandle? FindInPlace(RootDirectory root, string? container)
    {
        string path = PathOf(container);
        Errno errno = _fs.Stat(root.Directory, path, out FileStatus status);
        if (errno == Errno.NotFound)
        {
            Drop(root.Root, container);
            return null;
        }

        errno = errno != Errno.None ? errno
            : status.Kind != FileKind.Directory ? (status.Kind == FileKind.SymbolicLink ? Errno.SymbolicLink : Errno.NotDirectory)
            : status.IsOnMountOf(root.Status) ? Errno.None : Errno.CrossDevice;
        StorageException.ThrowIfFailed(errno, "change documents below", root.Directory, path);
        if (Known(root.Root, container) is { } known && !known.Status.IsSameFile(status))
        {
            Drop(root.Root, container);
        }

        return Find(root.Root, container);
    }

    /// <summary>Forgets a directory that has left its place.</summary>
    public void Drop(StoreRoot root, string? container)
    {
        Known(root, container)?.Handle.Dispose();
        Know(root, container, null);
    }

    public void Dispose()
    {
        Forget();
        Lock.Dispose();
    }

    private string PathOf(string? container) => container is null ? Sandbox : $"{Sandbox}/{container}";

    private Directory? Known(StoreRoot root, string? container) =>
        container is not null ? _containers?.GetValueOrDefault((root, container)) : root == StoreRoot.Config ? _config : _run;

    private void Know(StoreRoot root, string? container, Directory? directory)
    {
        if (container is null)
        {
            (_config, _run) = root == StoreRoot.Config ? (directory, _run) : (_config, directory);
        }
        else if (directory is null)
        {
            _ = _containers?.Remove((root, container));
        }
        else
        {
            (_containers ??= []).Add((root, container), directory);
        }
    }

    /// <summary>An open directory, and what it was when it was opened.</summary>
    private sealed record Directory(DirectoryHandle Handle, FileStatus Status);
}
