using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Roots;
using SafeStore.Threads;
using SafeStore.Vocabulary;

namespace SafeStore.Recovery;

/// <summary>
/// Makes the documents what the log says they are, durably: files are written anew and synced before they get their names, then the
/// directories are synced, children before parents. What was published before the crash is not trusted: its write-back may have failed.
/// </summary>
internal sealed class RedoApplier(IDurableFileSystem fs, RootSet roots, StoreIdentity identity, SideBySide syncs, EngineEvents events) : IDisposable
{
    private readonly NameSource _names = new(fs);
    private readonly FileRewriter _files = new(fs, syncs);
    private readonly HashSet<(StoreRoot Root, string Path)> _touched = [];

    public void Apply(Redo fate)
    {
        if (!fate.IsCreated && fate.Exists && !roots.InOrderOfAppearance.Any(root => Exists(root.Directory, fate.Sandbox)))
        {
            events.SandboxVanished(fate.Sandbox);
            return;
        }

        if (!fate.Exists && IsMadeAgain(fate))
        {
            return;
        }

        foreach (RootDirectory root in fate.Exists ? roots.InOrderOfAppearance : roots.InOrderOfRemoval)
        {
            if (!fate.Exists)
            {
                RemoveIfMeant(root, fate);
            }
            else if (IsMeantForThis(root, fate))
            {
                Build(root, fate);
            }
        }
    }

    /// <summary>Makes everything durable, and every touched name with it.</summary>
    public void Complete()
    {
        _files.Complete();
        SyncDirectories();
    }

    public void Dispose() => _files.Dispose();

    private void SyncDirectories()
    {
        foreach (IGrouping<int, (StoreRoot Root, string Path)> level in _touched.GroupBy(static touched => touched.Path.Count(static character => character == '/')).OrderByDescending(static level => level.Key))
        {
            (StoreRoot Root, string Path)[] directories = [.. level];
            syncs.ForEach(directories.Length, leastPerThread: 1, number => Sync(roots[directories[number].Root], directories[number].Path));
        }

        foreach (StoreRoot root in _touched.Select(static touched => touched.Root).Distinct())
        {
            StorageException.ThrowIfFailed(fs.SyncDirectory(roots[root].Directory), "sync the root", roots[root].Directory.Path);
        }
    }

    /// <summary>
    /// Whether another program has made a removed sandbox again: then one of our lockers has found it so, and has written a word that no
    /// removed sandbox has. (A remover's word says "committing", and an LSN before the removal.)
    /// </summary>
    private bool IsMadeAgain(Redo fate)
    {
        Errno errno = fs.OpenFile(roots.Run.Directory, $"{fate.Sandbox}/{Identifier.LockFile}", FileUse.Read, out FileHandle? file);
        if (errno is Errno.NotFound)
        {
            return false;
        }

        StorageException.ThrowIfFailed(errno, "open the lock file", roots.Run.Directory.Path, fate.Sandbox);
        using (file)
        {
            LockWord word = LockWord.Read(fs, file!);
            return IsOfLaterSandbox(word, fate);
        }
    }

    /// <summary>A word that is not of the sandbox that was removed but of one that was made, and locked, since; it may be in the middle of a transaction.</summary>
    public static bool IsOfLaterSandbox(LockWord word, Redo fate) => word.State != LockWordState.Unknown && word.Lsn >= fate.Last;

    private bool IsMeantForThis(RootDirectory root, Redo fate)
    {
        Guid id = identity.IdentityOf(root.Root);
        return fate.Segment?.IdentityOf(root.Root) == id
            || fate.Containers.Values.Any(container => container.Segment.IdentityOf(root.Root) == id)
            || fate.Documents.Any(document => document.Key.Root == root.Root && document.Value.Root == id);
    }

    private void RemoveIfMeant(RootDirectory root, Redo fate)
    {
        if (fate.Segment!.IdentityOf(root.Root) == identity.IdentityOf(root.Root))
        {
            TakeAside(root, root.Directory, fate.Sandbox, fate.Sandbox, FileKind.Directory);
            _touched.Add((root.Root, fate.Sandbox));
        }
    }

    private void Build(RootDirectory root, Redo fate)
    {
        Guid id = identity.IdentityOf(root.Root);
        using DirectoryHandle sandbox = OpenOrMake(root.Directory, fate.Sandbox);
        _touched.Add((root.Root, fate.Sandbox));
        if (fate.IsReplaced)
        {
            RemoveOthers(root, sandbox, fate, container: null);
        }

        foreach ((string name, RedoContainer container) in fate.Containers)
        {
            if (container.Segment.IdentityOf(root.Root) == id)
            {
                Build(root, sandbox, fate, name, container);
            }
        }

        foreach (IGrouping<string?, KeyValuePair<DocumentKey, (ReadOnlyMemory<byte>? Content, Guid Root)>> group in fate.Documents
            .Where(document => document.Key.Root == root.Root && document.Value.Root == id)
            .GroupBy(static document => document.Key.Container))
        {
            if (group.Key is null)
            {
                Write(root, fate.Sandbox, sandbox, group);
                continue;
            }

            if (group.All(static document => document.Value.Content is null) && !Exists(sandbox, group.Key))
            {
                continue; // nothing to delete, and no reason to make it
            }

            using DirectoryHandle container = OpenOrMake(sandbox, group.Key);
            string path = $"{fate.Sandbox}/{group.Key}";
            _touched.Add((root.Root, path));
            Write(root, path, container, group);
        }
    }

    private void Build(RootDirectory root, DirectoryHandle sandbox, Redo fate, string name, RedoContainer container)
    {
        if (!container.Exists)
        {
            TakeAside(root, sandbox, name, fate.Sandbox, FileKind.Directory);
            return;
        }

        TakeAside(root, sandbox, name, fate.Sandbox, FileKind.Regular); // a document of that name, whose deletion was not durable
        using DirectoryHandle directory = OpenOrMake(sandbox, name);
        _touched.Add((root.Root, $"{fate.Sandbox}/{name}"));
        if (container.IsReplaced)
        {
            RemoveOthers(root, directory, fate, name);
        }
    }

    /// <summary>Removes documents and containers of an earlier sandbox of the same id; what is not ours to name stays.</summary>
    private void RemoveOthers(RootDirectory root, DirectoryHandle directory, Redo fate, string? container)
    {
        var entries = new List<DirectoryEntry>();
        StorageException.ThrowIfFailed(fs.List(directory, entries), "list the directory", directory.Path);
        foreach (DirectoryEntry entry in entries.Where(static entry => Identifier.IsFree(entry.Name)))
        {
            bool isKept = entry.Kind == FileKind.Directory
                ? container is not null || (fate.Containers.TryGetValue(entry.Name, out RedoContainer? found) && found.Exists)
                : entry.Kind != FileKind.Regular || fate.Documents.ContainsKey(new DocumentKey(root.Root, container, entry.Name));
            if (isKept)
            {
                continue;
            }

            if (entry.Kind == FileKind.Directory)
            {
                TakeAside(root, directory, entry.Name, fate.Sandbox, FileKind.Directory);
            }
            else
            {
                Unlink(directory, entry.Name);
            }
        }
    }

    private void Write(RootDirectory root, string path, DirectoryHandle directory, IEnumerable<KeyValuePair<DocumentKey, (ReadOnlyMemory<byte>? Content, Guid Root)>> documents)
    {
        foreach ((DocumentKey key, (ReadOnlyMemory<byte>? content, _)) in documents)
        {
            if (content is { } bytes)
            {
                _files.Write(root, path, directory, key.File, bytes.Span);
            }
            else
            {
                Unlink(directory, key.File);
            }
        }
    }

    private void Unlink(DirectoryHandle directory, string name)
    {
        Errno errno = fs.Unlink(directory, name);
        StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "delete a document", directory.Path, name);
    }

    private void TakeAside(RootDirectory root, DirectoryHandle parent, string name, string sandbox, FileKind kind)
    {
        Errno found = fs.Stat(parent, name, out FileStatus status);
        StorageException.ThrowIfFailed(found == Errno.NotFound ? Errno.None : found, "look at", parent.Path, name);
        if (found == Errno.NotFound || status.Kind != kind)
        {
            return;
        }

        string aside = TempName.NewDirectory(_names, sandbox);
        Errno errno = fs.RenameNoReplace(parent, name, root.Trash, aside);
        StorageException.ThrowIfFailed(errno, "take aside", parent.Path, name);
    }

    private DirectoryHandle OpenOrMake(DirectoryHandle parent, string name)
    {
        Errno errno = fs.OpenDirectory(parent, name, out DirectoryHandle? directory);
        if (errno == Errno.NotFound)
        {
            StorageException.ThrowIfFailed(fs.MakeDirectory(parent, name, RootDirectory.DirectoryMode), "make a directory", parent.Path, name);
            errno = fs.OpenDirectory(parent, name, out directory);
        }

        StorageException.ThrowIfFailed(errno, "open the directory", parent.Path, name);
        return directory!;
    }

    private bool Exists(DirectoryHandle parent, string name)
    {
        Errno errno = fs.Stat(parent, name, out _);
        StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "look for the directory", parent.Path, name);
        return errno == Errno.None;
    }

    private void Sync(RootDirectory root, string path)
    {
        Errno errno = fs.OpenDirectory(root.Directory, path, out DirectoryHandle? directory);
        if (errno == Errno.NotFound)
        {
            return; // removed; its parent's sync tells
        }

        StorageException.ThrowIfFailed(errno, "open the directory", root.Directory.Path, path);
        using (directory)
        {
            StorageException.ThrowIfFailed(fs.SyncDirectory(directory!), "sync the directory", directory!.Path);
        }
    }
}
