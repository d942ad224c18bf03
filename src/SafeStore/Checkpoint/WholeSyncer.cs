using System.Collections.Generic;
using System.Linq;
using SafeStore.Diagnostics;
using SafeStore.FileSystem;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Checkpoint;

/// <summary>
/// Makes what a checkpoint has to make durable so by one sync of each root's filesystem, where that costs less than a sync of each file and
/// directory: each of those flushes the device, and where names change commits the filesystem's journal, for which all writers wait.
/// </summary>
/// <param name="roots">The roots.</param>
/// <param name="hasRecovered">
/// Whether this process has recovered the store, hence opened the roots before anything was staged that the log has now: the kernel tells a
/// failed write-back to the directories that were open then. Of a failure before a process joined another may have been told,
/// also about what is only appended later; so that process syncs one by one, and is told of each file by the file's own sync.
/// </param>
/// <param name="events">Told of a failure.</param>
internal sealed class WholeSyncer(RootSet roots, bool hasRecovered, EngineEvents events)
{
    private readonly IDurableFileSystem _fs = roots.FileSystem;

    /// <summary>Syncing a small file takes as long as writing so many bytes, whichever process wrote them.</summary>
    private const long BytesPerSync = 64 << 10;

    /// <summary>
    /// Something of the filesystem may not be durable, of these transactions or of later ones, and no process is told again when the whole
    /// is synced: never again by this process.
    /// </summary>
    private bool _hasFailed;

    /// <summary>Syncs it. The roots' directories must be synced after it.</summary>
    /// <param name="dirty">What transactions touched.</param>
    /// <returns>False: nothing is known to be durable, whatever happened; the sync of each file tells.</returns>
    /// <exception cref="SyncFailedException">Nor will the sync of a file tell: what was touched may be lost, but for the log.</exception>
    public bool TrySync(IReadOnlyCollection<DirtySandbox> dirty)
    {
        if (_hasFailed || !hasRecovered)
        {
            return false;
        }

        var filesystems = new Dictionary<ulong, RootDirectory>();
        var devices = new Dictionary<StoreRoot, ulong>();
        foreach (RootDirectory root in roots.InOrderOfAppearance.Where(static root => !root.IsVolatile))
        {
            if (_fs.Stat(root.Directory, out FileStatus status) != Errno.None)
            {
                return false;
            }

            devices.Add(root.Root, status.Device);
            filesystems[status.Device] = root;
        }

        return TryCountSyncs(dirty, devices, out long syncs) && filesystems.Values.All(root => TrySync(root, syncs * BytesPerSync));
    }

    private bool TrySync(RootDirectory root, long unwrittenMax)
    {
        Errno errno = _fs.SyncAll(root.Directory, unwrittenMax, out bool isDone);
        if (errno == Errno.Damaged)
        {
            throw new SyncFailedException(root.Directory.Path, errno);
        }

        if (errno != Errno.None)
        {
            _hasFailed = true;
            events.WholeSyncFailed(root.Directory.Path, errno);
        }

        return errno == Errno.None && isDone;
    }

    /// <summary>
    /// How many syncs it saves; false if something of it is not on its root's filesystem, because another is mounted there.
    /// </summary>
    private bool TryCountSyncs(IReadOnlyCollection<DirtySandbox> dirty, Dictionary<StoreRoot, ulong> devices, out long syncs)
    {
        var directories = new HashSet<(StoreRoot Root, string? Container)>();
        syncs = 0;
        foreach (DirtySandbox sandbox in dirty)
        {
            directories.Clear();
            sandbox.CollectDirectories(directories);
            syncs += directories.Count(directory => devices.ContainsKey(directory.Root)) + sandbox.Documents.Count(
                key => devices.ContainsKey(key.Root));
            foreach ((StoreRoot root, string? container) in directories)
            {
                if (devices.TryGetValue(root, out ulong device)
                    && !IsOn(device, roots[root].Directory, container is null ? sandbox.Sandbox : $"{sandbox.Sandbox}/{container}"))
                {
                    return false;
                }
            }

            if (devices.TryGetValue(StoreRoot.Run, out ulong ofLock))
            {
                syncs++;
                if (!IsFileOn(ofLock, roots.Run.Directory, $"{sandbox.Sandbox}/{Identifier.LockFile}"))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool IsOn(ulong device, DirectoryHandle root, string path)
    {
        Errno errno = _fs.OpenDirectory(root, path, out DirectoryHandle? directory);
        if (errno != Errno.None)
        {
            return errno is Errno.NotFound or Errno.NotDirectory; // gone; if it is something else, the sync one by one tells
        }

        using (directory)
        {
            return _fs.Stat(directory!, out FileStatus status) == Errno.None && status.Device == device;
        }
    }

    private bool IsFileOn(ulong device, DirectoryHandle root, string path)
    {
        Errno errno = _fs.OpenFile(root, path, FileUse.Read, out FileHandle? file);
        if (errno != Errno.None)
        {
            return errno is Errno.NotFound or Errno.NotDirectory;
        }

        using (file)
        {
            return _fs.Stat(file!, out FileStatus status) == Errno.None && status.Device == device;
        }
    }
}
