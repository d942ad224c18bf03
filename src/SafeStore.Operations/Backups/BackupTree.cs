using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Commit;
using SafeStore.FileSystem;

namespace SafeStore.Operations.Backups;

/// <summary>The directory of a backup in the making: <c>config/</c> and <c>run/</c> with the sandboxes.</summary>
internal sealed class BackupTree(IDurableFileSystem fs, DirectoryHandle directory, FilePermissions directories)
{
    private static readonly StoreRoot[] s_roots = [StoreRoot.Config, StoreRoot.Run];

    public DirectoryHandle Directory => directory;

    public static string NameOf(StoreRoot root) => root == StoreRoot.Config ? "config" : "run";

    public static string PathOf(string sandbox, DocumentKey key) =>
        $"{NameOf(key.Root)}/{DocumentId.Trusted(sandbox, key.Container, key.Root, key.File).RelativePath}";

    public void MakeRoots() => Array.ForEach(s_roots, root => Make(directory, NameOf(root)));

    /// <summary>Writes what is not written yet, and removes what the sandbox no longer has.</summary>
    public void Write(SandboxImage image)
    {
        foreach (StoreRoot root in s_roots)
        {
            using DirectoryHandle parent = Open(NameOf(root));
            if (!image.Exists)
            {
                RemoveTree(fs, parent, image.Sandbox);
                continue;
            }

            Make(parent, image.Sandbox);
            WriteInto(image, root, null);
            foreach (string container in image.Containers)
            {
                using (DirectoryHandle sandbox = Open($"{NameOf(root)}/{image.Sandbox}"))
                {
                    Make(sandbox, container);
                }

                WriteInto(image, root, container);
            }
        }

        foreach ((DocumentKey key, DocumentImage document) in image.Documents.ToList())
        {
            image.Documents[key] = document with { Unwritten = null };
        }
    }

    public void Remove(string sandbox)
    {
        foreach (StoreRoot root in s_roots)
        {
            using DirectoryHandle parent = Open(NameOf(root));
            RemoveTree(fs, parent, sandbox);
        }
    }

    public void WriteFile(string name, ReadOnlySpan<byte> bytes) => Create(directory, name, AtomicFile.DefaultMode, bytes);

    /// <summary>Makes all of it durable but its own name.</summary>
    public void Sync() => SyncTree(directory);

    /// <summary>Removes a directory and what is in it, without following a link.</summary>
    public static void RemoveTree(IDurableFileSystem fs, DirectoryHandle parent, string name)
    {
        Errno errno = fs.OpenDirectory(parent, name, out DirectoryHandle? opened);
        if (errno == Errno.NotFound)
        {
            return;
        }

        if (errno is Errno.NotDirectory or Errno.SymbolicLink)
        {
            StorageException.ThrowIfFailed(fs.Unlink(parent, name), "remove", parent, name);
            return;
        }

        StorageException.ThrowIfFailed(errno, "remove the directory", parent, name);
        using (opened)
        {
            var entries = new List<DirectoryEntry>();
            StorageException.ThrowIfFailed(fs.List(opened!, entries), "list the directory", opened!);
            foreach (DirectoryEntry entry in entries)
            {
                RemoveTree(fs, opened!, entry.Name);
            }
        }

        StorageException.ThrowIfFailed(fs.RemoveDirectory(parent, name), "remove the directory", parent, name);
    }

    private void WriteInto(SandboxImage image, StoreRoot root, string? container)
    {
        using DirectoryHandle target = Open($"{NameOf(root)}/{image.Sandbox}" + (container is null ? "" : $"/{container}"));
        var entries = new List<DirectoryEntry>();
        StorageException.ThrowIfFailed(fs.List(target, entries), "list the directory", target);
        foreach (DirectoryEntry entry in entries)
        {
            bool isKept = image.Documents.TryGetValue(new DocumentKey(root, container, entry.Name), out DocumentImage? document)
                ? document.Unwritten is null : container is null && image.Containers.Contains(entry.Name);
            if (!isKept)
            {
                RemoveTree(fs, target, entry.Name);
            }
        }

        foreach ((DocumentKey key, DocumentImage document) in image.Documents)
        {
            if (key.Root == root && key.Container == container && document.Unwritten is { } content)
            {
                Create(target, key.File, new FilePermissions(document.Mode, document.Owner) { IsOwnerOptional = true }, content.Span);
            }
        }
    }

    private void Create(DirectoryHandle parent, string name, FilePermissions permissions, ReadOnlySpan<byte> bytes) =>
        StorageException.ThrowIfFailed(fs.CreateFile(parent, name, permissions, bytes, out _), "write", parent, name);

    private void Make(DirectoryHandle parent, string name)
    {
        Errno errno = fs.MakeDirectory(parent, name, directories, out DirectoryHandle? made);
        made?.Dispose();
        StorageException.ThrowIfFailed(errno == Errno.Exists ? Errno.None : errno, "make the directory", parent, name);
    }

    private DirectoryHandle Open(string path)
    {
        StorageException.ThrowIfFailed(
            fs.OpenDirectory(directory, path, out DirectoryHandle? opened), "open the directory", directory, path);
        return opened!;
    }

    private void SyncTree(DirectoryHandle tree)
    {
        var entries = new List<DirectoryEntry>();
        StorageException.ThrowIfFailed(fs.List(tree, entries), "list the directory", tree);
        foreach (DirectoryEntry entry in entries)
        {
            if (entry.Kind == FileKind.Directory)
            {
                StorageException.ThrowIfFailed(
                    fs.OpenDirectory(tree, entry.Name, out DirectoryHandle? below), "open the directory", tree, entry.Name);
                using (below)
                {
                    SyncTree(below!);
                }
            }
            else
            {
                StorageException.ThrowIfFailed(fs.OpenFile(tree, entry.Name, FileUse.Read, out FileHandle? file), "open", tree, entry.Name);
                using (file)
                {
                    StorageException.ThrowIfFailed(fs.SyncFile(file!), "sync", file!);
                }
            }
        }

        StorageException.ThrowIfFailed(fs.SyncDirectory(tree), "sync the directory", tree);
    }
}
