using System;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Roots;

namespace SafeStore.Operations;

/// <summary>A root as far as it is there and may be read. (The engine's roots are whole or not opened.)</summary>
internal sealed class ViewedRoot : IDisposable
{
    private const string NotThere = OpeningChecks.NotThere;

    private readonly IDurableFileSystem _fs;

    private ViewedRoot(IDurableFileSystem fs, StoreLayout layout, StoreRoot root)
    {
        _fs = fs;
        Root = root;
        Path = layout.PathOf(root);
        MetadataPath = layout.MetadataOf(root);
    }

    public StoreRoot Root { get; }

    public string Path { get; }

    public string MetadataPath { get; }

    /// <summary>Null if it is not there or may not be opened.</summary>
    public DirectoryHandle? Directory { get; private set; }

    /// <summary>Null if they are not there or may not be opened.</summary>
    public DirectoryHandle? Metadata { get; private set; }

    /// <summary>Why one of them is null.</summary>
    public SafeStoreException? Failure { get; private set; }

    /// <summary>Whether a store has left its mark in the metadata.</summary>
    public bool HasMark => Has(RootDocument.FileName) || (Root == StoreRoot.Config && Has(StoreDocument.FileName));

    public static ViewedRoot Open(IDurableFileSystem fs, StoreLayout layout, StoreRoot root)
    {
        var view = new ViewedRoot(fs, layout, root);
        view.Directory = view.Opened(fs.OpenRoot(view.Path, out DirectoryHandle? directory), directory, view.Path);
        view.Metadata = view.OpenMetadata();
        return view;
    }

    /// <summary>Why there is no store to be seen: the roots may not be looked at, or there is none.</summary>
    public static SafeStoreException NotAStore(StoreLayout layout, params ViewedRoot[] roots) =>
        roots.Select(static root => root.Failure).FirstOrDefault(static failure => failure is StorageException)
            ?? new NotFoundException("store", $"{layout.ConfigMetadata}/{StoreDocument.FileName}", NotThere);

    public void Dispose()
    {
        Metadata?.Dispose();
        Directory?.Dispose();
    }

    private bool Has(string name) => Metadata is not null && _fs.Stat(Metadata, name, out _) != Errno.NotFound;

    /// <summary>As in an opening, no link is followed to the metadata.</summary>
    private DirectoryHandle? OpenMetadata()
    {
        Errno errno = _fs.OpenRoot(LinuxPath.GetDirectoryName(MetadataPath)!, out DirectoryHandle? parent);
        using (parent)
        {
            DirectoryHandle? metadata = null;
            errno = errno == Errno.None
                ? _fs.OpenDirectory(parent!, LinuxPath.GetFileName(MetadataPath), out metadata) : errno;
            return Opened(errno, metadata, MetadataPath);
        }
    }

    private DirectoryHandle? Opened(Errno errno, DirectoryHandle? directory, string path)
    {
        if (errno != Errno.None)
        {
            Failure ??= errno is Errno.NotFound or Errno.NotDirectory
                ? new NotFoundException("root", path, NotThere) : new StorageException("open the directory", path, errno);
        }

        return directory;
    }
}
