using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Commit;
using SafeStore.Diagnostics;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Roots;
using SafeStore.Threads;
using SafeStore.Vocabulary;

namespace SafeStore.Recovery;

/// <summary>
/// Makes the documents what the log says they are, durably: files are written anew and synced before they get their names, then the
/// directories are synced, children before parents. What was published before is not trusted: its write-back may have failed.
/// </summary>
internal sealed class RedoApplier(RootSet roots, StoreIdentity identity, ParallelCalls syncs, EngineEvents events) : IDisposable
{
    private readonly IDurableFileSystem _fs = roots.FileSystem;
    private readonly NewDirectory _new = new(roots.FileSystem);
    private readonly FileRewriter _files = new(roots.FileSystem, syncs);
    private readonly HashSet<(StoreRoot Root, string Path)> _touched = [];
    private readonly List<(FileHandle File, Redo Redo)> _newLocks = [];
    private readonly List<(RootDirectory Root, string Name)> _aside = [];

    public void Apply(Redo redo)
    {
        if (!redo.Exists)
        {
            Remove(redo);
        }
        else if (!redo.IsCreated && !roots.InOrderOfAppearance.Any(root => Exists(root.Directory, redo.Sandbox)))
        {
            events.SandboxVanished(redo.Sandbox);
        }
        else
        {
            foreach (RootDirectory root in roots.InOrderOfAppearance.Where(root => IsMeantForThis(root, redo)))
            {
                Build(root, redo);
            }
        }
    }

    /// <summary>Makes everything durable, and every touched name with it; then what was removed is emptied.</summary>
    public void Complete()
    {
        _files.Complete();
        foreach ((FileHandle file, Redo redo) in _newLocks)
        {
            new LockWord(LockWordState.Idle, redo.Last, redo.OfSeveral).Write(_fs, file);
            StorageException.ThrowIfFailed(_fs.SyncFile(file), "sync the lock word", file);
        }

        SyncDirectories();
        foreach ((RootDirectory root, string name) in _aside)
        {
            if (!RemovedTree.TryRemove(_fs, root.Scratch, name))
            {
                events.NotEmptied(root.Scratch.Directory.Path);
            }
        }
    }

    public void Dispose()
    {
        _files.Dispose();
        _newLocks.ForEach(static created => created.File.Dispose());
    }

    /// <summary>
    /// A word that is not of the sandbox that was removed but of one that was made, and locked, since; it may be in the middle of a
    /// transaction.
    /// </summary>
    public static bool IsOfLaterSandbox(LockWord word, Redo redo) => word.State != LockWordState.Unknown && word.Lsn >= redo.Last;

    private bool IsMeantForThis(RootDirectory root, Redo redo)
    {
        Guid id = identity.IdentityOf(root.Root);
        return redo.Segment?.IdentityOf(root.Root) == id
            || redo.Containers.Values.Any(container => container.Segment.IdentityOf(root.Root) == id)
            || redo.Documents.Any(document => document.Key.Root == root.Root && document.Value.Root == id);
    }

    /// <summary>
    /// Unless another program has made the sandbox again: then one of our lockers has found it so, and has written a word that no removed
    /// sandbox has. (A remover's word says "committing", and an LSN before the removal.)
    /// </summary>
    private void Remove(Redo redo)
    {
        if (LockWord.TryRead(_fs, roots.Run.Directory, SandboxHandles.LockPathOf(redo.Sandbox)) is { } word && IsOfLaterSandbox(word, redo))
        {
            return;
        }

        foreach (RootDirectory root in roots.InOrderOfRemoval)
        {
            if (redo.Segment!.IdentityOf(root.Root) == identity.IdentityOf(root.Root))
            {
                MoveAside(root, root.Directory, redo.Sandbox, FileKind.Directory);
                _touched.Add((root.Root, redo.Sandbox));
            }
        }
    }

    private void Build(RootDirectory root, Redo redo)
    {
        Errno errno = _fs.OpenDirectory(root.Directory, redo.Sandbox, out DirectoryHandle? directory);
        if (errno == Errno.NotFound)
        {
            BuildNew(root, redo);
            return;
        }

        StorageException.ThrowIfFailed(errno, "open the directory", root.Directory, redo.Sandbox);
        using DirectoryHandle sandbox = directory!;
        _touched.Add((root.Root, redo.Sandbox));
        if (redo.IsReplaced)
        {
            RemoveOthers(root, sandbox, redo, container: null);
        }

        foreach ((string name, RedoContainer container) in ContainersIn(root, redo))
        {
            BuildContainer(root, sandbox, redo, name, container);
        }

        foreach (IGrouping<string?, KeyValuePair<DocumentKey, RedoDocument>> group in DocumentsIn(root, redo)
            .GroupBy(static document => document.Key.Container))
        {
            if (group.Key is null)
            {
                Write(root, redo.Sandbox, sandbox, group);
            }
            else if (group.Any(static document => document.Value.Content is not null) || Exists(sandbox, group.Key))
            {
                using DirectoryHandle container = OpenOrMake(root, sandbox, group.Key);
                string path = $"{redo.Sandbox}/{group.Key}";
                _touched.Add((root.Root, path));
                Write(root, path, container, group);
            }
        }
    }

    /// <summary>A sandbox that a root does not have appears there as a whole, as its creation would have let it appear.</summary>
    private void BuildNew(RootDirectory root, Redo redo)
    {
        string name = root.Scratch.NewName();
        Errno errno = _fs.MakeDirectory(root.Scratch.Directory, name, root.DirectoryPermissions, out DirectoryHandle? made);
        StorageException.ThrowIfFailed(errno, "make a directory", root.Scratch.Directory, name);
        using DirectoryHandle sandbox = made!;
        foreach (string container in ContainersIn(root, redo).Where(static entry => entry.Value.Exists).Select(static entry => entry.Key)
            .Union(DocumentsIn(root, redo).Select(static document => document.Key.Container).OfType<string>()))
        {
            using DirectoryHandle inner = OpenOrMake(root, sandbox, container);
            WriteNew(root, inner, redo, container);
            _touched.Add((root.Root, $"{redo.Sandbox}/{container}"));
        }

        WriteNew(root, sandbox, redo, container: null);
        if (root.Root == StoreRoot.Run)
        {
            _newLocks.Add((_new.MakeLock(sandbox, root, new LockWord(LockWordState.Committing, redo.Last.Previous, default)), redo));
        }

        errno = _fs.Rename(root.Scratch.Directory, name, root.Directory, redo.Sandbox, RenameKind.NoReplace);
        StorageException.ThrowIfFailed(errno, "publish a new directory", root.Directory, redo.Sandbox);
        _touched.Add((root.Root, redo.Sandbox));
    }

    private void WriteNew(RootDirectory root, DirectoryHandle directory, Redo redo, string? container)
    {
        foreach ((DocumentKey key, RedoDocument document) in DocumentsIn(root, redo).Where(entry => entry.Key.Container == container))
        {
            if (document.Content is { } content)
            {
                Errno errno = _fs.CreateFile(directory, key.File, root.FilePermissions, content.Span, out _);
                StorageException.ThrowIfFailed(errno, "write a document", directory, key.File);
                _files.Add(root, directory, key.File);
            }
        }
    }

    private void BuildContainer(RootDirectory root, DirectoryHandle sandbox, Redo redo, string name, RedoContainer container)
    {
        if (!container.Exists)
        {
            MoveAside(root, sandbox, name, FileKind.Directory);
            return;
        }

        MoveAside(root, sandbox, name, FileKind.Regular); // a document of that name, whose deletion was not durable
        using DirectoryHandle directory = OpenOrMake(root, sandbox, name);
        _touched.Add((root.Root, $"{redo.Sandbox}/{name}"));
        if (container.IsReplaced)
        {
            RemoveOthers(root, directory, redo, name);
        }
    }

    private IEnumerable<KeyValuePair<string, RedoContainer>> ContainersIn(RootDirectory root, Redo redo) =>
        redo.Containers.Where(container => container.Value.Segment.IdentityOf(root.Root) == identity.IdentityOf(root.Root));

    private IEnumerable<KeyValuePair<DocumentKey, RedoDocument>> DocumentsIn(RootDirectory root, Redo redo) =>
        redo.Documents.Where(document => document.Key.Root == root.Root && document.Value.Root == identity.IdentityOf(root.Root));

    /// <summary>Removes documents and containers of an earlier sandbox of the same id; what is not ours to name stays.</summary>
    private void RemoveOthers(RootDirectory root, DirectoryHandle directory, Redo redo, string? container)
    {
        var entries = new List<DirectoryEntry>();
        StorageException.ThrowIfFailed(_fs.List(directory, entries), "list the directory", directory);
        foreach (DirectoryEntry entry in entries.Where(static entry => Identifier.IsFree(entry.Name)))
        {
            bool isKept = entry.Kind == FileKind.Directory
                ? container is not null || (redo.Containers.TryGetValue(entry.Name, out RedoContainer? found) && found.Exists)
                : entry.Kind != FileKind.Regular || redo.Documents.ContainsKey(new DocumentKey(root.Root, container, entry.Name));
            if (!isKept)
            {
                MoveAside(root, directory, entry.Name, entry.Kind);
            }
        }
    }

    private void Write(
        RootDirectory root, string path, DirectoryHandle directory, IEnumerable<KeyValuePair<DocumentKey, RedoDocument>> documents)
    {
        foreach ((DocumentKey key, RedoDocument document) in documents)
        {
            if (document.Content is { } bytes)
            {
                _files.Write(root, path, directory, key.File, bytes.Span);
                continue;
            }

            Errno errno = _fs.Unlink(directory, key.File);
            StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "delete a document", directory, key.File);
        }
    }

    private void MoveAside(RootDirectory root, DirectoryHandle parent, string name, FileKind kind)
    {
        Errno found = _fs.Stat(parent, name, out FileStatus status);
        StorageException.ThrowIfFailed(found == Errno.NotFound ? Errno.None : found, "look at", parent, name);
        if (found == Errno.NotFound || status.Kind != kind)
        {
            return;
        }

        string aside = root.Scratch.NewName();
        Errno errno = _fs.Rename(parent, name, root.Scratch.Directory, aside, RenameKind.NoReplace);
        StorageException.ThrowIfFailed(errno, "remove", parent, name);
        _aside.Add((root, aside));
    }

    private DirectoryHandle OpenOrMake(RootDirectory root, DirectoryHandle parent, string name)
    {
        Errno errno = _fs.OpenDirectory(parent, name, out DirectoryHandle? directory);
        errno = errno == Errno.NotFound ? _fs.MakeDirectory(parent, name, root.DirectoryPermissions, out directory) : errno;
        StorageException.ThrowIfFailed(errno, "open the directory", parent, name);
        return directory!;
    }

    private bool Exists(DirectoryHandle parent, string name)
    {
        Errno errno = _fs.Stat(parent, name, out _);
        StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "look for the directory", parent, name);
        return errno == Errno.None;
    }

    private void SyncDirectories()
    {
        foreach (IGrouping<int, (StoreRoot Root, string Path)> level in
            _touched.GroupBy(static touched => touched.Path.Count(static character => character == '/'))
                .OrderByDescending(static level => level.Key))
        {
            (StoreRoot Root, string Path)[] directories = [.. level];
            syncs.ForEach(directories.Length, leastPerThread: 1, number => Sync(roots[directories[number].Root], directories[number].Path));
        }

        foreach (StoreRoot root in _touched.Select(static touched => touched.Root).Distinct())
        {
            StorageException.ThrowIfFailed(_fs.SyncDirectory(roots[root].Directory), "sync the root", roots[root].Directory);
        }
    }

    private void Sync(RootDirectory root, string path)
    {
        Errno errno = _fs.OpenDirectory(root.Directory, path, out DirectoryHandle? directory);
        if (errno == Errno.NotFound)
        {
            return; // removed; its parent's sync tells
        }

        StorageException.ThrowIfFailed(errno, "open the directory", root.Directory, path);
        using (directory)
        {
            StorageException.ThrowIfFailed(_fs.SyncDirectory(directory!), "sync the directory", directory!);
        }
    }
}
