using System;
using System.Collections.Generic;
using SafeStore.Documents;
using SafeStore.FileSystem;

namespace SafeStore.Locking;

/// <summary>
/// What a process keeps open of one sandbox: its lock file, its directories, and what it knows of them as of a version. Believed only
/// while the lock is held, after the lock file was compared with its name: a removed sandbox takes its lock file with it.
/// </summary>
internal sealed class SandboxHandles : IDisposable
{
    private readonly IDurableFileSystem _fs;
    private readonly RootSet _roots;
    private readonly Dictionary<(StoreRoot Root, string? Container), DirectoryHandle> _directories = [];
    private readonly HashSet<(StoreRoot Root, string? Container, string File)> _files = [];
    private readonly string _lockPath;
    private Lsn _knownAt;

    public SandboxHandles(IDurableFileSystem fs, RootSet roots, string sandbox, FileLock fileLock)
    {
        _fs = fs;
        _roots = roots;
        Sandbox = sandbox;
        Lock = fileLock;
        _lockPath = $"{sandbox}/{Identifier.LockFile}";
    }

    public string Sandbox { get; }

    public FileLock Lock { get; }

    /// <summary>Whether the sandbox's lock file is still this one.</summary>
    public bool IsCurrent()
    {
        Errno errno = _fs.IsNameOf(_roots.Run.Directory, _lockPath, Lock.File, out bool same);
        StorageException.ThrowIfFailed(errno, "look at the lock file", Lock.File);
        return same;
    }

    public LockWord ReadWord() => LockWord.Read(_fs, Lock.File);

    public void WriteWord(LockWord word) => word.Write(_fs, Lock.File);

    /// <summary>Keeps what is known only if nobody else has changed the sandbox since.</summary>
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
        foreach (DirectoryHandle directory in _directories.Values)
        {
            directory.Dispose();
        }

        _directories.Clear();
        _files.Clear();
    }

    /// <summary>The directory of the sandbox, or of a container, in a root; null if it does not exist there.</summary>
    public DirectoryHandle? Find(StoreRoot root, string? container)
    {
        if (_directories.TryGetValue((root, container), out DirectoryHandle? directory))
        {
            return directory;
        }

        string path = container is null ? Sandbox : $"{Sandbox}/{container}";
        Errno errno = _fs.OpenDirectory(_roots[root].Directory, path, out directory);
        if (errno is Errno.NotFound)
        {
            return null;
        }

        StorageException.ThrowIfFailed(errno, "open the directory", _roots[root].Directory.Path, path);
        _directories.Add((root, container), directory!);
        return directory;
    }

    /// <summary>Forgets a directory that has left its place.</summary>
    public void Drop(StoreRoot root, string? container)
    {
        if (_directories.Remove((root, container), out DirectoryHandle? directory))
        {
            directory.Dispose();
        }

        _files.RemoveWhere(file => file.Root == root && file.Container == container);
    }

    public bool IsKnownFile(StoreRoot root, string? container, string file) => _files.Contains((root, container, file));

    public void KnowFile(StoreRoot root, string? container, string file) => _files.Add((root, container, file));

    public void ForgetFile(StoreRoot root, string? container, string file) => _files.Remove((root, container, file));

    public void Dispose()
    {
        Forget();
        Lock.Dispose();
    }
}
