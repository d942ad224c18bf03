using System.Collections.Generic;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Recovery;

/// <summary>
/// Removes what a dead process staged and no record explains. Only under the sandbox's exclusive lock: the temp files of a living
/// process look the same. Only names that SafeStore alone gives are touched.
/// </summary>
internal sealed class Sweeper(IDurableFileSystem fs, RootSet roots)
{
    /// <summary>Sweeps one sandbox, durably: temp files beside its documents, and its directories under stage/ and trash/.</summary>
    public void Sweep(SandboxHandles handles)
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            SweepStage(root, handles.Sandbox);
            SweepTrash(root, handles.Sandbox);
            if (handles.Find(root.Root, null) is { } directory)
            {
                // Also where nothing is found: who has removed it may have failed to sync that.
                _ = SweepDirectory(directory, depth: 1, isDurable: !root.IsVolatile, always: true);
            }
        }
    }

    /// <summary>Removes the directories that were staged for a sandbox; under its exclusive lock, or its name lock when it does not exist.</summary>
    /// <param name="root">Where.</param>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="kept">The name of one that stays.</param>
    public void SweepStage(RootDirectory root, string sandbox, string? kept = null)
    {
        foreach (DirectoryEntry entry in List(root.Stage))
        {
            if (TempName.IsDirectoryOf(sandbox, entry.Name) && entry.Name != kept)
            {
                Errno errno = RemovedTree.Remove(fs, root.Stage, entry.Name);
                StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "remove what was staged", root.Stage, entry.Name);
            }
        }
    }

    /// <summary>
    /// Empties what was removed from a sandbox by a process that died before it had emptied it: a store that is never closed by all would
    /// keep it for ever. What cannot be emptied waits for the next recovery.
    /// </summary>
    public void SweepTrash(RootDirectory root, string sandbox)
    {
        foreach (DirectoryEntry entry in List(root.Trash))
        {
            if (TempName.IsDirectoryOf(sandbox, entry.Name))
            {
                _ = RemovedTree.TryRemove(fs, root.Trash, entry.Name);
            }
        }
    }

    /// <summary>Removes temp files from a sandbox's directory and its containers'; returns what was listed.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="depth">How many levels of directories below it are swept too.</param>
    /// <param name="isDurable">Whether the directories are synced where something was removed.</param>
    /// <param name="always">Whether they are then synced in any case.</param>
    public List<DirectoryEntry> SweepDirectory(DirectoryHandle directory, int depth, bool isDurable, bool always)
    {
        List<DirectoryEntry> entries = List(directory);
        bool isDirty = always;
        foreach (DirectoryEntry entry in entries)
        {
            if (entry.Kind == FileKind.Regular && TempName.IsFile(entry.Name))
            {
                Errno errno = fs.Unlink(directory, entry.Name);
                StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "remove a temp file", directory, entry.Name);
                isDirty = true;
            }
            else if (entry.Kind == FileKind.Directory && depth > 0 && Identifier.IsValid(entry.Name))
            {
                StorageException.ThrowIfFailed(fs.OpenDirectory(directory, entry.Name, out DirectoryHandle? inner), "open the directory", directory, entry.Name);
                using (inner)
                {
                    _ = SweepDirectory(inner!, depth - 1, isDurable, always);
                }
            }
        }

        if (isDurable && isDirty)
        {
            StorageException.ThrowIfFailed(fs.SyncDirectory(directory), "sync the directory", directory.Path);
        }

        return entries;
    }

    public List<DirectoryEntry> List(DirectoryHandle directory)
    {
        var entries = new List<DirectoryEntry>();
        StorageException.ThrowIfFailed(fs.List(directory, entries), "list the directory", directory.Path);
        return entries;
    }
}
