using System;
using System.IO;
using SafeStore.FileSystem;

namespace SafeStore.Roots;

/// <summary>An open root: its directory, and its metadata directory with <c>stage</c> and <c>trash</c>.</summary>
internal sealed class RootDirectory : IDisposable
{
    public const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;

    private RootDirectory(StoreRoot root, DirectoryHandle directory, DirectoryHandle metadata, DirectoryHandle stage, DirectoryHandle trash, bool isVolatile)
    {
        Root = root;
        Directory = directory;
        Metadata = metadata;
        Stage = stage;
        Trash = trash;
        IsVolatile = isVolatile;
    }

    public StoreRoot Root { get; }

    public DirectoryHandle Directory { get; }

    public DirectoryHandle Metadata { get; }

    /// <summary>Where the directories of new sandboxes and containers are built.</summary>
    public DirectoryHandle Stage { get; }

    /// <summary>Where removed directories wait to be emptied.</summary>
    public DirectoryHandle Trash { get; }

    /// <summary>Its contents do not outlive the machine's power: no sync is worth its time here.</summary>
    public bool IsVolatile { get; }

    /// <summary>Opens a root, making its directories if they do not exist.</summary>
    public static RootDirectory Open(IDurableFileSystem fs, StoreLayout layout, StoreRoot root)
    {
        using var owned = new OwnedParts();
        DirectoryHandle directory = owned.Add(OpenOrMake(fs, layout.PathOf(root)));
        DirectoryHandle metadata = owned.Add(OpenOrMake(fs, layout.MetadataOf(root)));
        StorageException.ThrowIfFailed(fs.Stat(directory, out FileStatus rootStatus), "look at the root", directory.Path);
        StorageException.ThrowIfFailed(fs.Stat(metadata, out FileStatus metadataStatus), "look at the metadata directory", metadata.Path);
        if (rootStatus.Device != metadataStatus.Device)
        {
            throw new StoreMetadataException(metadata.Path, $"it lies on another filesystem than its root '{directory.Path}', so nothing could be renamed between them");
        }

        StorageException.ThrowIfFailed(fs.Describe(directory, out FileSystemTraits? traits), "look at the filesystem", directory.Path);
        if (!traits!.IsLocal)
        {
            throw new StoreMetadataException(directory.Path, $"it lies on {traits.Name}, whose locks and syncs cannot be relied on; use a local filesystem");
        }

        DirectoryHandle stage = owned.Add(OpenOrMake(fs, metadata, "stage"));
        DirectoryHandle trash = owned.Add(OpenOrMake(fs, metadata, "trash"));
        owned.Disown();
        return new RootDirectory(root, directory, metadata, stage, trash, traits.IsVolatile);
    }

    /// <summary>Opens a directory by its absolute path, making it and those above it if they do not exist.</summary>
    public static DirectoryHandle OpenOrMake(IDurableFileSystem fs, string path)
    {
        Errno errno = fs.OpenRoot(path, out DirectoryHandle? directory);
        if (errno == Errno.NotFound && Path.GetDirectoryName(path) is { } parentPath)
        {
            using DirectoryHandle parent = OpenOrMake(fs, parentPath);
            return OpenOrMake(fs, parent, Path.GetFileName(path));
        }

        StorageException.ThrowIfFailed(errno, "open the directory", path);
        return directory!;
    }

    public static DirectoryHandle OpenOrMake(IDurableFileSystem fs, DirectoryHandle parent, string name)
    {
        string path = $"{parent.Path}/{name}";
        Errno errno = fs.OpenDirectory(parent, name, out DirectoryHandle? directory);
        if (errno == Errno.NotFound)
        {
            errno = fs.MakeDirectory(parent, name, DirectoryMode);
            if (errno is Errno.None or Errno.Exists)
            {
                StorageException.ThrowIfFailed(fs.SyncDirectory(parent), "sync the directory", parent.Path);
                errno = fs.OpenDirectory(parent, name, out directory);
            }
        }

        StorageException.ThrowIfFailed(errno, "open the directory", path);
        return directory!;
    }

    public void Dispose()
    {
        Directory.Dispose();
        Metadata.Dispose();
        Stage.Dispose();
        Trash.Dispose();
    }
}
