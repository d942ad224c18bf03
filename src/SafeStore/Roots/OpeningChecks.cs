using SafeStore.FileSystem;

namespace SafeStore.Roots;

/// <summary>What an opening looks at before it makes anything: whether there is a store, and what its filesystems are.</summary>
internal static class OpeningChecks
{
    public const string NotThere = "Check the path, and whether its disk is mounted.";

    /// <exception cref="NotFoundException">The store, or a root of it, does not exist and must.</exception>
    /// <exception cref="StoreFormatException">It is of another format.</exception>
    /// <exception cref="StoreMetadataException">Its document is damaged, a journal is required and there is none, or other users may
    /// write to a root.</exception>
    public static void Run(IDurableFileSystem fs, StoreLayout layout, StoreOptions options)
    {
        bool mustExist = options.Opening == StoreOpening.MustExist;
        if (!StoreMetadata.Exists(fs, layout))
        {
            if (mustExist)
            {
                throw new NotFoundException("store", $"{layout.ConfigMetadata}/{StoreDocument.FileName}", NotThere);
            }

            RootModes.Check(fs, layout.Config, options);
            RootModes.Check(fs, layout.Run, options);
        }

        if (!mustExist && !options.RequireJournal)
        {
            return;
        }

        foreach (StoreRoot root in new[] { StoreRoot.Config, StoreRoot.Run })
        {
            FileSystemTraits traits = TraitsOf(fs, layout.PathOf(root));
            if (options.RequireJournal && !traits.IsJournaled)
            {
                throw new StoreMetadataException(
                    layout.PathOf(root), $"it lies on {traits.Name} without a journal, and StoreOptions.RequireJournal is set. Give the "
                    + $"filesystem one (tune2fs -j), or put the root on another");
            }

            // One on a volatile filesystem is gone after each restart of the machine, and made anew.
            if (mustExist && root == StoreRoot.Run && !traits.IsVolatile && !HasIdentity(fs, layout.MetadataOf(root)))
            {
                throw new NotFoundException("root", $"{layout.MetadataOf(root)}/{RootDocument.FileName}", NotThere);
            }
        }
    }

    /// <summary>The filesystem on which a directory lies, or would be made.</summary>
    public static FileSystemTraits TraitsOf(IDurableFileSystem fs, string path)
    {
        Errno errno = fs.OpenRoot(path, out DirectoryHandle? directory);
        if (errno == Errno.NotFound && LinuxPath.GetDirectoryName(path) is { } parent)
        {
            return TraitsOf(fs, parent);
        }

        StorageException.ThrowIfFailed(errno, "open the directory", path);
        using (directory)
        {
            StorageException.ThrowIfFailed(fs.Describe(directory!, out FileSystemTraits? traits), "look at the filesystem", path);
            return traits!;
        }
    }

    private static bool HasIdentity(IDurableFileSystem fs, string path)
    {
        Errno errno = fs.OpenRoot(path, out DirectoryHandle? metadata);
        using (metadata)
        {
            errno = errno == Errno.None ? fs.Stat(metadata!, RootDocument.FileName, out _) : errno;
        }

        StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "look for the root's document", path);
        return errno == Errno.None;
    }
}
