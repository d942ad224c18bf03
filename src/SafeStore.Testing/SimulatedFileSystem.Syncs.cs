using SafeStore.FileSystem;
using SafeStore.Testing.Disks;

namespace SafeStore.Testing;

/// <summary>What makes things durable.</summary>
public sealed partial class SimulatedFileSystem
{
    /// <inheritdoc/>
    public Errno SyncFile(FileHandle file) => Sync(Operation.SyncFile, file);

    /// <inheritdoc/>
    public Errno SyncData(FileHandle file) => Sync(Operation.SyncData, file);

    /// <inheritdoc/>
    /// <remarks>
    /// Where a sync of a directory is not reliable, the whole filesystem is synced, and an error loses what that would lose:
    /// see <see cref="SimulatedMachineOptions.DirectorySyncsCommit"/>.
    /// </remarks>
    public Errno SyncDirectory(DirectoryHandle directory)
    {
        SimulatedDirectory opened = Of(directory);
        using Turn turn = Begin(Operation.SyncDirectory, opened.Path, disk: opened.Place.Disk);
        bool commits = !opened.Place.Disk.Profile.IsDirectorySyncReliable && _machine.Options.DirectorySyncsCommit;
        return turn.End(commits ? SyncAll(opened, turn.Fault) : Sync(opened.Place.Disk, opened.Inode, turn.Fault));
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Done where <see cref="PersistenceProfile.CanSyncAll"/> says so. If it fails, the data of all files that waited to be written are
    /// lost, and each file's own next sync tells (the error sequence of Linux is told to a process that opens the file later, unless one
    /// has been told before); names stay pending. If it fails with <see cref="Errno.Damaged"/>, no later sync tells. One that has turned
    /// read-only says nothing and does nothing, as Linux (sync_filesystem in fs/sync.c).
    /// </remarks>
    public Errno SyncAll(DirectoryHandle directory, long unwrittenMax, out bool isDone)
    {
        SimulatedDirectory opened = Of(directory);
        Disk disk = opened.Place.Disk;
        isDone = false;
        if (!disk.Profile.CanSyncAll)
        {
            return Errno.None;
        }

        using Turn turn = Begin(Operation.SyncAll, opened.Path, disk: disk);
        Errno errno = turn.End(SyncAll(opened, turn.Fault));
        isDone = errno == Errno.None;
        return errno;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// What is written may reach the disk at any time anyhow: the call changes nothing. If it fails, the filesystem has given up what
    /// waited to be written, and no later sync tells.
    /// </remarks>
    public Errno StartWriteBack(FileHandle file)
    {
        SimulatedFile opened = Of(file);
        using Turn turn = Begin(Operation.StartWriteBack, opened.Path, disk: opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            (opened.Place.Inode as FileInode)?.Lose();
            return errno;
        }

        return turn.End(Errno.None);
    }

    private Errno Sync(Operation operation, FileHandle file)
    {
        SimulatedFile opened = Of(file);
        using Turn turn = Begin(operation, opened.Path, disk: opened.Place.Disk);
        Errno errno = opened.Place.Inode switch
        {
            FileInode inode => Sync(opened, inode, operation == Operation.SyncFile, turn.Fault),
            DirectoryInode directory => Sync(opened.Place.Disk, directory, turn.Fault),
            _ => Errno.None,
        };
        return turn.End(errno);
    }

    private static Errno Sync(SimulatedFile opened, FileInode file, bool withMetadata, SimulatedFault? fault)
    {
        if (fault is CallFails or SyncLosesData)
        {
            opened.Place.Disk.LosePending(file, isUntold: false);
            if (fault is SyncLosesData { Afterwards: LostSync.ReportsLater })
            {
                return Errno.None;
            }

            _ = opened.Errors.Look();
            if (fault is SyncLosesData { Afterwards: LostSync.RevertsCache })
            {
                file.Revert();
            }

            return fault is SyncLosesData lost ? lost.Errno : ((CallFails)fault).Errno;
        }

        if (opened.Errors.Look())
        {
            return Errno.InputOutput;
        }

        if (opened.Place.Disk.IsReadOnly)
        {
            return file.Pending.Count > 0 ? Errno.ReadOnly : Errno.None;
        }

        opened.Place.Disk.SyncFile(file, withMetadata);
        return Errno.None;
    }

    private static Errno Sync(Disk disk, DirectoryInode directory, SimulatedFault? fault)
    {
        switch (fault)
        {
            case CallFails fail:
                return fail.Errno; // a journal that cannot be written forgets no change of names: they stay pending
            case SyncLosesData lost:
                Disk.LosePending(directory);
                return lost.Afterwards == LostSync.ReportsLater ? Errno.None : lost.Errno;
            default:
                break;
        }

        if (disk.IsReadOnly)
        {
            return directory.Pending.Count > 0 ? Errno.ReadOnly : Errno.None;
        }

        disk.SyncDirectory(directory);
        return Errno.None;
    }

    private static Errno SyncAll(SimulatedDirectory directory, SimulatedFault? fault)
    {
        Disk disk = directory.Place.Disk;
        if (fault is CallFails { Errno: Errno.Damaged })
        {
            disk.LosePendingData(isTold: false);
            return Errno.Damaged;
        }

        if (fault is CallFails or SyncLosesData)
        {
            disk.LosePendingData();
            if (fault is not SyncLosesData { Afterwards: LostSync.ReportsLater })
            {
                _ = directory.Errors.Look();
            }

            return fault is SyncLosesData lost ? lost.Afterwards == LostSync.ReportsLater ? Errno.None : lost.Errno
                : ((CallFails)fault).Errno;
        }

        if (!disk.IsReadOnly)
        {
            disk.SyncAll();
        }

        return directory.Errors.Look() ? Errno.InputOutput : Errno.None;
    }
}
