using System;
using System.Collections.Generic;
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
    private KnownFiles _files;
    private DirectoryHandle? _configDirectory;
    private DirectoryHandle? _runDirectory;
    private Dictionary<(StoreRoot Root, string Container), DirectoryHandle>? _containers;
    private Lsn _knownAt;

    public SandboxHandles(IDurableFileSystem fs, RootSet roots, string sandbox, FileLock fileLock, string? lockPath = null)
    {
        _fs = fs;
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
        Errno errno = _fs.IsNameOf(_roots.Run.Directory, _lockPath, Lock.File, out bool same);
        StorageException.ThrowIfFailed(errno, "look at the lock file", Lock.File);
        return same;
    }

    public LockWord ReadWord() => LockWord.Read(_fs, Lock.File);

    public void WriteWord(LockWord word) => word.Write(_fs, Lock.File);

    /// <summary>Writes the word where no record is in the log whose checkpoint would sync it.</summary>
    public void WriteWordDurably(LockWord word)
    {
        WriteWord(word);
        Errno errno = _roots.Run.IsVolatile ? Errno.None : _fs.SyncData(Lock.File);
        if (errno != Errno.None)
        {
            WriteWord(word with { State = LockWordState.Committing }); // or nobody would write it again
            throw new StorageException("sync the lock word", Lock.File.Path, errno);
        }
    }

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
        foreach (DirectoryHandle directory in (IEnumerable<DirectoryHandle>?)_containers?.Values ?? [])
        {
            directory.Dispose();
        }

        _configDirectory?.Dispose();
        _runDirectory?.Dispose();
        (_configDirectory, _runDirectory, _containers, _files) = (null, null, null, default);
    }

    /// <summary>The directory of the sandbox, or of a container, in a root; null if it does not exist there.</summary>
    public DirectoryHandle? Find(StoreRoot root, string? container)
    {
        if (Known(root, container) is { } known)
        {
            return known;
        }

        string path = container is null ? Sandbox : $"{Sandbox}/{container}";
        Errno errno = _fs.OpenDirectory(_roots[root].Directory, path, out DirectoryHandle? directory);
        if (errno is Errno.NotFound)
        {
            return null;
        }

        StorageException.ThrowIfFailed(errno, "open the directory", _roots[root].Directory, path);
        Know(root, container, directory);
        return directory;
    }

    /// <summary>Whether a name in the sandbox is a directory's; as a rule without keeping the sandbox's own open, in a root that the transaction need not touch.</summary>
    public bool HasDirectory(StoreRoot root, string name)
    {
        if (Known(root, null) is null)
        {
            Span<char> path = stackalloc char[DocumentAddress.PathCharactersMax];
            path = path[..new DocumentAddress(Sandbox, null, root, name).WritePath(path)];
            Span<byte> first = stackalloc byte[1];
            switch (_fs.ReadWhole(_roots[root].Directory, path, first, out _))
            {
                case Errno.None or Errno.NotFound:
                    return false;
                case Errno.IsDirectory:
                    return true;
                default:
                    break; // what may not be read can be looked at nevertheless, or says what is wrong
            }
        }

        return Find(root, null) is { } directory && _fs.Stat(directory, name, out FileStatus status) == Errno.None && status.Kind == FileKind.Directory;
    }

    /// <summary>Forgets a directory that has left its place.</summary>
    public void Drop(StoreRoot root, string? container)
    {
        Known(root, container)?.Dispose();
        Know(root, container, null);
        _files = _files.Without(root, container);
    }

    public bool IsKnownFile(StoreRoot root, string? container, string file) => _files.Contains(root, container, file);

    public void KnowFile(StoreRoot root, string? container, string file) => _files.Add(root, container, file);

    public void ForgetFile(StoreRoot root, string? container, string file) => _files.Remove(root, container, file);

    public void Dispose()
    {
        Forget();
        Lock.Dispose();
    }

    private DirectoryHandle? Known(StoreRoot root, string? container) =>
        container is not null ? _containers?.GetValueOrDefault((root, container)) : root == StoreRoot.Config ? _configDirectory : _runDirectory;

    private void Know(StoreRoot root, string? container, DirectoryHandle? directory)
    {
        if (container is null)
        {
            (_configDirectory, _runDirectory) = root == StoreRoot.Config ? (directory, _runDirectory) : (_configDirectory, directory);
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
}
