using SafeStore.Documents;
using SafeStore.FileSystem;

namespace SafeStore.Packs;

/// <summary>Tells which files of a root have been as they are for so long that whatever changes them from now on leaves another stamp.</summary>
internal sealed class SettledFiles
{
    /// <summary>
    /// Longer than a tick of any filesystem's clock, which is a second at most, and than a write(2) takes from the time that it sets to the bytes that it copies: who reads in between has the old bytes with the new time.
    /// </summary>
    private const long SettleNanoseconds = 2_000_000_000;

    private readonly FileStamp _probe;
    private readonly FileStamp _root;

    private SettledFiles(FileStamp probe, FileStamp root) => (_probe, _root) = (probe, root);

    /// <summary>Looks at the clock that stamps a root's files, which need not be ours, by a file that is new. Before any stamp is taken that it is to judge.</summary>
    public static SettledFiles Of(IDurableFileSystem fs, AtomicFile atomic, RootDirectory root)
    {
        StorageException.ThrowIfFailed(fs.Describe(root.Directory, out FileSystemTraits? traits), "look at the filesystem", root.Directory);
        if (!traits!.IsKnown)
        {
            throw new StorageException($"rely on the times of files on a filesystem of the unknown kind {traits.Name}", root.Directory.Path, Errno.NotSupported);
        }

        using FileHandle probe = atomic.WriteTemp(root.Metadata, PackHeader.FileName, default, out string temp);
        try
        {
            StorageException.ThrowIfFailed(fs.Stamp(probe, out FileStamp now), "look at the times of", probe);
            StorageException.ThrowIfFailed(fs.Stamp(root.Directory, out FileStamp directory), "look at the times of", root.Directory);
            return new SettledFiles(now, directory);
        }
        finally
        {
            _ = fs.Unlink(root.Metadata, temp); // what cannot be removed the next recovery removes
        }
    }

    /// <summary>What is mounted below the root has a clock of its own, or none. (Two devices, since directories and files may have different ones, on overlayfs.)</summary>
    public bool Has(in FileStamp stamp) => (stamp.Device == _root.Device || stamp.Device == _probe.Device) && stamp.Changed < _probe.Changed - SettleNanoseconds;
}
