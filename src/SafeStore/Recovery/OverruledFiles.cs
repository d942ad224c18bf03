using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Commit;
using SafeStore.Diagnostics;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Recovery;

/// <summary>
/// The log wins over what another program has written between a crash and the redo, but not in silence: it is moved to
/// <c>(metadata)/overruled/(sandbox)/</c> of its root, and reported. Another program's is what has changed after the sandbox's last mark,
/// the change of its lock file, and says what no transaction in the log says.
/// </summary>
internal sealed class OverruledFiles(RootSet roots, StoreIdentity identity, EngineEvents events)
{
    private const string DirectoryName = "overruled";

    private readonly IDurableFileSystem _fs = roots.FileSystem;
    private readonly HashSet<(RootDirectory Root, string Sandbox)> _changed = [];

    /// <summary>
    /// When the sandbox's lock file was last changed; the earliest time if it is not of our making, the latest one, after which nothing is
    /// another program's, if it was lost with its root. To be asked before redo changes anything.
    /// </summary>
    public DateTimeOffset MarkOf(Redo redo)
    {
        string path = SandboxHandles.LockPathOf(redo.Sandbox);
        if (_fs.OpenFile(roots.Run.Directory, path, FileUse.Read, out FileHandle? file) != Errno.None)
        {
            bool isLost = redo.Transactions[^1].Record.Segment.Identity.RunRoot != identity.RunRoot;
            return isLost ? DateTimeOffset.MaxValue : DateTimeOffset.MinValue;
        }

        using (file)
        {
            StorageException.ThrowIfFailed(_fs.LastChange(file!, out DateTimeOffset time), "look at the lock file", file!);
            return LockWord.Read(_fs, file!).State == LockWordState.Unknown ? DateTimeOffset.MinValue : time;
        }
    }

    /// <summary>Keeps what is in the place of a document if it is another program's.</summary>
    /// <param name="root">The root.</param>
    /// <param name="redo">The sandbox, marked.</param>
    /// <param name="directory">The document's directory.</param>
    /// <param name="key">The document.</param>
    /// <returns>Whether it was kept.</returns>
    public bool TryKeepDocument(RootDirectory root, MarkedRedo redo, DirectoryHandle directory, DocumentKey key)
    {
        bool isKept = _fs.Stat(directory, key.File, out FileStatus status) == Errno.None
            && status.Kind != FileKind.Directory && status.IsOnMountOf(root.Status)
            && (status.Kind != FileKind.Regular || IsForeign(redo, directory, key.File, key));
        if (isKept)
        {
            Keep(root, redo.Redo.Sandbox, directory, key.File);
        }

        return isKept;
    }

    /// <summary>Keeps a directory that is to be removed if a file of another program is in it.</summary>
    /// <param name="root">The root.</param>
    /// <param name="redo">The sandbox, marked.</param>
    /// <param name="parent">The directory's parent: the root, or the sandbox.</param>
    /// <param name="container">The container; null for the sandbox's own directory.</param>
    /// <returns>Whether it was kept.</returns>
    public bool TryKeepDirectory(RootDirectory root, MarkedRedo redo, DirectoryHandle parent, string? container)
    {
        string name = container ?? redo.Redo.Sandbox;
        var left = new Stack<string>([name]);
        while (left.TryPop(out string? path))
        {
            var entries = new List<DirectoryEntry>();
            if (_fs.Stat(parent, path, out FileStatus status) == Errno.None && status.IsOnMountOf(root.Status))
            {
                _ = _fs.List(parent, path, entries); // what cannot be listed cannot be emptied: it stays
            }

            foreach (DirectoryEntry entry in entries)
            {
                string inner = $"{path}/{entry.Name}";
                if (entry.Kind == FileKind.Directory)
                {
                    left.Push(inner);
                }
                else if (entry.Kind == FileKind.Regular && entry.Name != Identifier.LockFile
                    && IsForeign(redo, parent, inner, KeyOf(root.Root, container, inner)))
                {
                    Keep(root, redo.Redo.Sandbox, parent, name);
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Makes durable what was kept: before the directories that it was taken from.</summary>
    public void Sync()
    {
        foreach ((RootDirectory root, string sandbox) in _changed)
        {
            using DirectoryHandle all = RootDirectory.OpenOrMake(_fs, root.Metadata, DirectoryName, root.DirectoryPermissions);
            using DirectoryHandle own = RootDirectory.OpenOrMake(_fs, all, sandbox, root.DirectoryPermissions);
            StorageException.ThrowIfFailed(_fs.SyncDirectory(own), "sync the directory", own);
        }
    }

    private static DocumentKey KeyOf(StoreRoot root, string? container, string path)
    {
        string[] names = path.Split('/');
        return new DocumentKey(root, container ?? (names.Length > 2 ? names[1] : null), names[^1]);
    }

    private bool IsForeign(MarkedRedo redo, DirectoryHandle directory, string path, DocumentKey key)
    {
        if (_fs.OpenFile(directory, path, FileUse.Read, out FileHandle? file) != Errno.None)
        {
            return redo.Mark < DateTimeOffset.MaxValue; // not ours, who can read what they write
        }

        using (file)
        {
            StorageException.ThrowIfFailed(_fs.LastChange(file!, out DateTimeOffset changed), "look at", file!);
            return changed > redo.Mark && !IsOfLog(redo.Redo, key, file!);
        }
    }

    /// <summary>Also what a power loss has left of a file: zeros, or nothing.</summary>
    private bool IsOfLog(Redo redo, DocumentKey key, FileHandle file)
    {
        StorageException.ThrowIfFailed(_fs.Stat(file, out FileStatus status), "look at", file);
        if (status.Size >= Array.MaxLength)
        {
            return false;
        }

        byte[] bytes = new byte[status.Size];
        StorageException.ThrowIfFailed(WholeFile.Fill(_fs, file, bytes, 0, out int count), "read", file);
        ReadOnlySpan<byte> content = bytes.AsSpan(0, count);
        if (content.IndexOfAnyExcept((byte)0) < 0)
        {
            return true;
        }

        foreach (DocumentPut put in redo.Transactions.SelectMany(static transaction => transaction.Plan.Puts))
        {
            if (put.Key == key && put.Content.Span.SequenceEqual(content))
            {
                return true;
            }
        }

        return false;
    }

    private void Keep(RootDirectory root, string sandbox, DirectoryHandle parent, string name)
    {
        using DirectoryHandle all = RootDirectory.OpenOrMake(_fs, root.Metadata, DirectoryName, root.DirectoryPermissions);
        using DirectoryHandle own = RootDirectory.OpenOrMake(_fs, all, sandbox, root.DirectoryPermissions);
        string kept = $"{name}.{root.Scratch.NewName()}";
        Errno errno = _fs.Rename(parent, name, own, kept, RenameKind.NoReplace);
        StorageException.ThrowIfFailed(errno, "keep what another program has written", parent, name);
        events.Overruled(sandbox, $"{parent.Path}/{name}", $"{own.Path}/{kept}");
        _ = _changed.Add((root, sandbox));
    }
}

/// <summary>A redo, and when its sandbox's lock file was changed before it.</summary>
internal readonly record struct MarkedRedo(Redo Redo, DateTimeOffset Mark);
