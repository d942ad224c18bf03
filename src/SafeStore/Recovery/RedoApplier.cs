using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.ExceptionServices;
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
/// <remarks>What is in the way of one sandbox is not in the way of the others: it is among the <see cref="Failed"/>.</remarks>
internal sealed class RedoApplier : IDisposable
{
    private readonly RootSet _roots;
    private readonly StoreIdentity _identity;
    private readonly ParallelCalls _syncs;
    private readonly EngineEvents _events;
    private readonly IDurableFileSystem _fs;
    private readonly NewDirectory _new;
    private readonly Stamper _stamper;
    private readonly FileRewriter _files;
    private readonly OverruledFiles _overruled;
    private readonly Leftovers _leftovers;
    private readonly Dictionary<string, StorageException> _failed = new(StringComparer.Ordinal);
    private readonly HashSet<(StoreRoot Root, string Path)> _touched = [];
    private readonly List<(FileHandle File, Redo Redo)> _newLocks = [];
    private readonly List<(RootDirectory Root, string Name)> _aside = [];

    public RedoApplier(RootSet roots, StoreIdentity identity, ParallelCalls syncs, EngineEvents events)
    {
        (_roots, _identity, _syncs, _events, _fs) = (roots, identity, syncs, events, roots.FileSystem);
        _new = new NewDirectory(_fs);
        _stamper = new Stamper(roots, events);
        _files = new FileRewriter(_fs, _stamper, syncs, Fail);
        _overruled = new OverruledFiles(roots, identity, events);
        _leftovers = new Leftovers(roots);
    }

    /// <summary>The sandboxes that something is in the way of: all are known after <see cref="Complete"/>.</summary>
    public IReadOnlyDictionary<string, StorageException> Failed => _failed;

    /// <summary>Applies what the log has of a sandbox.</summary>
    /// <exception cref="StorageException">It is not the sandbox's matter.</exception>
    public void Apply(Redo redo) => Trying(redo.Sandbox, () => ApplyMarked(new MarkedRedo(redo, _overruled.MarkOf(redo))));
    /// <summary>Makes everything durable, and every touched name with it; then what was removed is emptied.</summary>
    public void Complete()
    {
        _files.Complete();
        foreach ((FileHandle file, Redo redo) in _newLocks.Where(made => !_failed.ContainsKey(made.Redo.Sandbox)))
        {
            new LockWord(LockWordState.Idle, redo.Last, redo.OfSeveral).Write(_fs, file);
            StorageException.ThrowIfFailed(_fs.SyncFile(file), "sync the lock word", file);
        }

        _overruled.Sync();
        SyncDirectories();
        foreach ((RootDirectory root, string name) in _aside)
        {
            if (!RemovedTree.TryRemove(_fs, root.Scratch, name))
            {
                _events.NotEmptied(root.Scratch.Directory.Path);
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

    private void ApplyMarked(MarkedRedo marked)
    {
        Redo redo = marked.Redo;
        if (!redo.Exists)
        {
            Remove(marked);
        }
        else if (!redo.IsCreated && !_roots.InOrderOfAppearance.Any(root => Exists(root.Directory, redo.Sandbox)))
        {
            _events.SandboxVanished(redo.Sandbox);
        }
        else
        {
            foreach (RootDirectory root in _roots.InOrderOfAppearance.Where(root => IsMeantForThis(root, redo)))
            {
                Build(root, marked);
            }
        }
    }

    private void Fail(string sandbox, StorageException failure)
    {
        if (!ParkedRecords.IsLasting(failure.Errno))
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        lock (_failed)
        {
            _ = _failed.TryAdd(sandbox, failure);
        }
    }

    private void Trying(string sandbox, Action step)
    {
        try
        {
            step();
        }
        catch (StorageException failure)
        {
            Fail(sandbox, failure);
        }
    }

    private bool IsMeantForThis(RootDirectory root, Redo redo)
    {
        Guid id = _identity.IdentityOf(root.Root);
        return redo.Segment?.IdentityOf(root.Root) == id
            || redo.Containers.Values.Any(container => container.Segment.IdentityOf(root.Root) == id)
            || redo.Documents.Any(document => document.Key.Root == root.Root && document.Value.Root == id);
    }

    /// <summary>
    /// Unless another program has made the sandbox again: then one of our lockers has found it so, and has written a word that no removed
    /// sandbox has. (A remover's word says "committing", and an LSN before the removal.)
    /// </summary>
    private void Remove(MarkedRedo marked)
    {
        Redo redo = marked.Redo;
        if (LockWord.TryRead(_fs, _roots.Run.Directory, SandboxHandles.LockPathOf(redo.Sandbox)) is { } word
            && IsOfLaterSandbox(word, redo))
        {
            return;
        }

        foreach (RootDirectory root in _roots.InOrderOfRemoval)
        {
            if (redo.Segment!.IdentityOf(root.Root) == _identity.IdentityOf(root.Root))
            {
                MoveAside(root, marked, root.Directory, redo.Sandbox, FileKind.Directory);
                _touched.Add((root.Root, redo.Sandbox));
            }
        }
    }

    private void Build(RootDirectory root, MarkedRedo marked)
    {
        Redo redo = marked.Redo;
        Errno errno = _fs.OpenDirectory(root.Directory, redo.Sandbox, out DirectoryHandle? directory);
        if (errno == Errno.NotFound)
        {
            BuildNew(root, redo);
            return;
        }

        StorageException.ThrowIfFailed(errno, "open the directory", root.Directory, redo.Sandbox);
        using DirectoryHandle sandbox = directory!;
        _leftovers.Check(sandbox);
        _touched.Add((root.Root, redo.Sandbox));
        if (redo.IsReplaced)
        {
            RemoveOthers(root, sandbox, marked, container: null);
        }

        foreach ((string name, RedoContainer container) in ContainersIn(root, redo))
        {
            BuildContainer(root, sandbox, marked, name, container);
        }

        foreach (IGrouping<string?, KeyValuePair<DocumentKey, RedoDocument>> group in DocumentsIn(root, redo)
            .GroupBy(static document => document.Key.Container))
        {
            if (group.Key is null)
            {
                Write(root, marked, redo.Sandbox, sandbox, group);
            }
            else if (group.Any(static document => document.Value.Content is not null) || Exists(sandbox, group.Key))
            {
                using DirectoryHandle container = OpenOrMake(root, sandbox, group.Key);
                string path = $"{redo.Sandbox}/{group.Key}";
                _touched.Add((root.Root, path));
                Write(root, marked, path, container, group);
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
            _newLocks.Add((_new.MakeLock(sandbox, root, new LockWord(LockWordState.Committing, redo.Before, default)), redo));
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
                _stamper.Stamp(directory, key.File, document.Lsn, content.Span);
                _files.Add(root, redo.Sandbox, directory, key.File);
            }
        }
    }

    private void BuildContainer(RootDirectory root, DirectoryHandle sandbox, MarkedRedo redo, string name, RedoContainer container)
    {
        if (!container.Exists)
        {
            MoveAside(root, redo, sandbox, name, FileKind.Directory);
            return;
        }

        MoveAside(root, redo, sandbox, name, FileKind.Regular); // a document of that name, whose deletion was not durable
        using DirectoryHandle directory = OpenOrMake(root, sandbox, name);
        _touched.Add((root.Root, $"{redo.Redo.Sandbox}/{name}"));
        if (container.IsReplaced)
        {
            RemoveOthers(root, directory, redo, name);
        }
    }

    private IEnumerable<KeyValuePair<string, RedoContainer>> ContainersIn(RootDirectory root, Redo redo) =>
        redo.Containers.Where(container => container.Value.Segment.IdentityOf(root.Root) == _identity.IdentityOf(root.Root));

    private IEnumerable<KeyValuePair<DocumentKey, RedoDocument>> DocumentsIn(RootDirectory root, Redo redo) =>
        redo.Documents.Where(document => document.Key.Root == root.Root && document.Value.Root == _identity.IdentityOf(root.Root));

    /// <summary>Removes documents and containers of an earlier sandbox of the same id; what is not ours to name stays.</summary>
    private void RemoveOthers(RootDirectory root, DirectoryHandle directory, MarkedRedo marked, string? container)
    {
        Redo redo = marked.Redo;
        var entries = new List<DirectoryEntry>();
        StorageException.ThrowIfFailed(_fs.List(directory, entries), "list the directory", directory);
        foreach (DirectoryEntry entry in entries.Where(static entry => Identifier.IsFree(entry.Name)))
        {
            bool isKept = entry.Kind == FileKind.Directory
                ? container is not null || (redo.Containers.TryGetValue(entry.Name, out RedoContainer? found) && found.Exists)
                : entry.Kind != FileKind.Regular || redo.Documents.ContainsKey(new DocumentKey(root.Root, container, entry.Name));
            if (!isKept)
            {
                MoveAside(root, marked, directory, entry.Name, entry.Kind, container);
            }
        }
    }

    private void Write(
        RootDirectory root, MarkedRedo redo, string path, DirectoryHandle directory,
        IEnumerable<KeyValuePair<DocumentKey, RedoDocument>> documents)
    {
        foreach ((DocumentKey key, RedoDocument document) in documents)
        {
            _ = _overruled.TryKeepDocument(root, redo, directory, key);
            if (document.Content is not null)
            {
                _files.Write(root, path, directory, key.File, document);
                continue;
            }

            Errno errno = _fs.Unlink(directory, key.File);
            StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "delete a document", directory, key.File);
        }
    }

    private void MoveAside(
        RootDirectory root, MarkedRedo redo, DirectoryHandle parent, string name, FileKind kind, string? container = null)
    {
        Errno found = _fs.Stat(parent, name, out FileStatus status);
        StorageException.ThrowIfFailed(found == Errno.NotFound ? Errno.None : found, "look at", parent, name);
        if (found == Errno.NotFound || status.Kind != kind)
        {
            return;
        }

        bool isKept = kind == FileKind.Regular
            ? _overruled.TryKeepDocument(root, redo, parent, new DocumentKey(root.Root, container, name))
            : _overruled.TryKeepDirectory(root, redo, parent, parent == root.Directory ? null : name);
        if (isKept)
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
        using var owned = new OwnedParts();
        owned.Add(directory!);
        _leftovers.Check(directory!);
        owned.Disown();
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
            _syncs.ForEach(
                directories.Length, leastPerThread: 1, number => Sync(_roots[directories[number].Root], directories[number].Path));
        }

        foreach (StoreRoot root in _touched.Select(static touched => touched.Root).Distinct())
        {
            StorageException.ThrowIfFailed(_fs.SyncDirectory(_roots[root].Directory), "sync the root", _roots[root].Directory);
        }
    }

    /// <summary>What is in the way of opening it is the sandbox's matter; a failed sync is not: another proves nothing.</summary>
    private void Sync(RootDirectory root, string path)
    {
        Errno errno = _fs.OpenDirectory(root.Directory, path, out DirectoryHandle? directory);
        using (directory)
        {
            if (directory is not null)
            {
                StorageException.ThrowIfFailed(_fs.SyncDirectory(directory), "sync the directory", directory);
            }
            else if (errno != Errno.NotFound) // else it is removed; its parent's sync tells
            {
                Fail(path.Split('/')[0], new StorageException("open the directory", $"{root.Directory.Path}/{path}", errno));
            }
        }
    }
}
