using System;
using System.Collections.Generic;
using SafeStore.Documents;
using SafeStore.FileSystem;

namespace SafeStore.Packs;

/// <summary>
/// Copies sandboxes as their files show them. Each stamp is taken of an open file or directory, before that very one is read: what changes meanwhile is not as it was to any reader, and what a path leads to meanwhile (another directory,
/// something that is mounted for a moment) is no matter.
/// </summary>
internal sealed class SandboxCopier(IDurableFileSystem fs, RootSet roots, SettledFiles config, SettledFiles run, int documentBytesMax, EngineEvents events)
{
    /// <summary>A sandbox with more is not worth a copy of the whole in memory.</summary>
    private const long SandboxBytesMax = 16 * 1024 * 1024;

    private long _bytes;

    /// <summary>A sandbox; null if something in it is not settled, or cannot be read: then each reader has to look himself, and is told.</summary>
    /// <exception cref="StorageException">There is no memory or no handle left: it is not the sandbox's doing.</exception>
    public PackedSandbox? TryCopy(string sandbox)
    {
        var copy = new PackedSandbox([], []);
        _bytes = 0;
        try
        {
            var containers = new SortedSet<string>(StringComparer.Ordinal);
            if (!TryCopyDirectories(copy, sandbox, null, containers))
            {
                return null;
            }

            foreach (string container in containers)
            {
                if (!TryCopyDirectories(copy, sandbox, container, containers))
                {
                    return null;
                }
            }
        }
        catch (StorageException failure) when (failure.Errno is not (Errno.NoMemory or Errno.ProcessFileLimit or Errno.SystemFileLimit))
        {
            events.SandboxSkipped(sandbox, failure);
            return null;
        }

        copy.Documents.Sort(static (one, other) => one.Id.CompareTo(other.Id));
        return copy;
    }

    /// <summary>Copies the directories of a sandbox, or of one of its containers, in all roots; adds the containers that are in them.</summary>
    private bool TryCopyDirectories(PackedSandbox copy, string sandbox, string? container, SortedSet<string> containers)
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            string path = container is null ? sandbox : $"{sandbox}/{container}";
            Errno errno = fs.OpenDirectory(root.Directory, path, out DirectoryHandle? directory);
            if (errno == Errno.NotFound)
            {
                copy.Directories.Add(new PackedDirectory(root.Root, container, null));
                continue;
            }

            if (errno is Errno.NotDirectory or Errno.SymbolicLink)
            {
                return false;
            }

            StorageException.ThrowIfFailed(errno, "open the directory", root.Directory, path);
            using (directory)
            {
                if (!TryCopyDirectory(copy, root.Root, sandbox, container, directory!, containers))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool TryCopyDirectory(PackedSandbox copy, StoreRoot root, string sandbox, string? container, DirectoryHandle directory, SortedSet<string> containers)
    {
        StorageException.ThrowIfFailed(fs.Stamp(directory, out FileStamp stamp), "look at the times of", directory);
        copy.Directories.Add(new PackedDirectory(root, container, stamp));
        if (!IsSettled(root, stamp))
        {
            return false;
        }

        var entries = new List<DirectoryEntry>();
        Errno errno = fs.List(directory, entries);
        if (errno == Errno.NotFound)
        {
            return false; // removed since it was opened
        }

        StorageException.ThrowIfFailed(errno, "list the directory", directory);
        foreach (DirectoryEntry entry in entries)
        {
            if (DocumentReader.IsDocument(entry))
            {
                if (!TryCopyDocument(copy, DocumentId.Trusted(sandbox, container, root, entry.Name), directory))
                {
                    return false;
                }
            }
            else if (container is null && entry.Kind == FileKind.Directory && Identifier.IsFree(entry.Name))
            {
                containers.Add(entry.Name);
            }
        }

        return true;
    }

    private bool TryCopyDocument(PackedSandbox copy, DocumentId id, DirectoryHandle directory)
    {
        Errno errno = fs.OpenFile(directory, id.File, FileUse.Read, out FileHandle? file);
        if (errno is Errno.NotFound or Errno.SymbolicLink)
        {
            return false; // gone, or refused to whoever reads it
        }

        StorageException.ThrowIfFailed(errno, "open the document", directory, id.File);
        using (file)
        {
            StorageException.ThrowIfFailed(fs.Stamp(file!, out FileStamp stamp), "look at the times of", file!);
            if (!IsSettled(id.Root, stamp) || stamp.Size > documentBytesMax || (_bytes += stamp.Size) > SandboxBytesMax)
            {
                return false;
            }

            byte[] content = new byte[stamp.Size];
            StorageException.ThrowIfFailed(WholeFile.Fill(fs, file!, content, 0, out int count), "read the document", file!);
            copy.Documents.Add(new PackedDocument(id, stamp, content));
            return count == content.Length && JsonRules.FindFault(content) is null;
        }
    }

    private bool IsSettled(StoreRoot root, in FileStamp stamp) => (root == StoreRoot.Config ? config : run).Has(stamp);
}
