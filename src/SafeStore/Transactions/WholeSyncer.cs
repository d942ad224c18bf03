using System.Collections.Generic;
using System.Linq;
using SafeStore.Documents;
using SafeStore.FileSystem;

namespace SafeStore.Transactions;

/// <summary>
/// Makes what a checkpoint has to make durable so by one sync of each root's filesystem, where that costs less than a sync of each file and directory: each of those flushes the device, and where names change commits the filesystem's
/// journal, for which everybody waits.
/// </summary>
internal sealed class WholeSyncer(IDurableFileSystem fs, RootSet roots)
{
    /// <summary>Syncing a small file takes as long as writing so many bytes, whoever's they are.</summary>
    private const long BytesPerSync = 64 << 10;

    /// <returns>
    /// False: nothing is known to be durable, whatever happened. A failure is no single file's, perhaps not even this store's: the sync of each tells its own (errseq_t: also to a handle opened after it).
    /// </returns>
    public bool TrySync(IReadOnlyCollection<SandboxTouch> touched)
    {
        var filesystems = new Dictionary<ulong, RootDirectory>();
        var devices = new Dictionary<StoreRoot, ulong>();
        foreach (RootDirectory root in roots.InOrderOfAppearance.Where(static root => !root.IsVolatile))
        {
            if (fs.Stat(root.Directory, out FileStatus status) != Errno.None)
            {
                return false;
            }

            devices.Add(root.Root, status.Device);
            filesystems[status.Device] = root;
        }

        return TryCountSyncs(touched, devices, out long syncs)
            && filesystems.Values.All(root => fs.SyncAll(root.Directory, syncs * BytesPerSync, out bool isDone) == Errno.None && isDone);
    }

    /// <summary>How many syncs it saves; false if something of it is not on its root's filesystem, because somebody has mounted another there.</summary>
    private bool TryCountSyncs(IReadOnlyCollection<SandboxTouch> touched, Dictionary<StoreRoot, ulong> devices, out long syncs)
    {
        var directories = new HashSet<(StoreRoot Root, string? Container)>();
        syncs = 0;
        foreach (SandboxTouch touch in touched)
        {
            directories.Clear();
            touch.CollectDirectories(directories);
            syncs += directories.Count + touch.Documents.Count + (touch.HasLastWord ? 1 : 0);
            _ = directories.Add((StoreRoot.Run, null)); // the lock file's
            foreach ((StoreRoot root, string? container) in directories)
            {
                if (devices.TryGetValue(root, out ulong device) && !IsOn(device, roots[root].Directory, container is null ? touch.Sandbox : $"{touch.Sandbox}/{container}"))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool IsOn(ulong device, DirectoryHandle root, string path)
    {
        Errno errno = fs.OpenDirectory(root, path, out DirectoryHandle? directory);
        if (errno != Errno.None)
        {
            return errno is Errno.NotFound or Errno.NotDirectory; // gone; if it is something else, whoever syncs one by one tells
        }

        using (directory)
        {
            return fs.Stat(directory!, out FileStatus status) == Errno.None && status.Device == device;
        }
    }
}
