using System.IO;

namespace SafeStore.FileSystem;

/// <summary>What a name in a directory stands for.</summary>
public enum FileKind
{
    /// <summary>A socket, device, pipe, or something the kernel did not tell.</summary>
    Other,

    /// <summary>A regular file.</summary>
    Regular,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A symbolic link. SafeStore follows none inside a root.</summary>
    SymbolicLink,
}

/// <summary>One name in a directory.</summary>
/// <param name="Name">The name, without any path.</param>
/// <param name="Kind">What it stands for.</param>
public readonly record struct DirectoryEntry(string Name, FileKind Kind);

/// <summary>What is known of a file or directory.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Device">The number of its filesystem. Two files are the same when device and inode are.</param>
/// <param name="Inode">Its number in its filesystem.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Mode">Its permission bits.</param>
/// <param name="Links">How many names it has; 0 once it was removed.</param>
public readonly record struct FileStatus(FileKind Kind, ulong Device, ulong Inode, long Size, UnixFileMode Mode, long Links)
{
    /// <summary>
    /// The mount through which it was looked at (statx(2), STATX_MNT_ID): bind mounts of one filesystem share its
    /// <see cref="Device"/> and differ here. 0 where the kernel does not tell.
    /// </summary>
    public ulong MountId { get; init; }

    /// <summary>The user and the group that it belongs to.</summary>
    public FileOwner Owner { get; init; }

    /// <summary>Whether both describe the same file: same device, same inode.</summary>
    /// <param name="other">The other description.</param>
    public bool IsSameFile(in FileStatus other) => Device == other.Device && Inode == other.Inode;

    /// <summary>
    /// Whether both were seen through one mount: mounts are compared where the kernel tells them, devices elsewhere, although bind mounts
    /// of one filesystem share its device.
    /// </summary>
    internal bool IsOnMountOf(in FileStatus other) =>
        MountId != 0 && other.MountId != 0 ? MountId == other.MountId : Device == other.Device;
}

/// <summary>What kind of filesystem a directory lies on.</summary>
/// <param name="Name">Its name, "ext4" for instance, or its magic number in hexadecimal (statfs(2)).</param>
/// <param name="IsVolatile">Its contents do not outlive the machine's power (tmpfs, ramfs).</param>
/// <param name="IsLocal">Its locks and syncs are the local kernel's own: false for NFS, SMB, 9p, Ceph and FUSE.</param>
public sealed record FileSystemTraits(string Name, bool IsVolatile, bool IsLocal)
{
    /// <summary>
    /// Whether its structure survives a power loss: false for ext2 and for ext4 without a journal, where a sync of a file and its
    /// directory is not enough. True for all others, what is unknown included.
    /// </summary>
    public bool IsJournaled { get; init; } = true;

    /// <summary>
    /// Whether writing over what a file has needs new space, but for a file that <see cref="IDurableFileSystem.Allocate"/> was called for
    /// while it was empty: so on btrfs.
    /// </summary>
    public bool CopiesOnWrite { get; init; }
}

/// <summary>A process that holds a lock.</summary>
/// <param name="ProcessId">Its id as this process sees it; 0 when it lives in another pid namespace.</param>
/// <param name="Command">Its program, and a path behind it, without other arguments; empty when unknown.</param>
/// <param name="IsExclusive">Whether it holds the lock exclusively.</param>
public sealed record LockHolder(int ProcessId, string Command, bool IsExclusive);

/// <summary>What a file is opened for.</summary>
public enum FileUse
{
    /// <summary>Reading.</summary>
    Read,

    /// <summary>Reading and writing.</summary>
    ReadWrite,

    /// <summary>
    /// Reading and writing without the page cache, where the filesystem can (O_DIRECT of open(2)): a sync after such a write has nothing to
    /// write back any more. Buffers must start at, and their lengths and the positions in the file be multiples of,
    /// <see cref="IDurableFileSystem.DirectBytes"/>. <see cref="Errno.Invalid"/>, from the open or from a write, where it cannot.
    /// </summary>
    Direct,

    /// <summary>
    /// Reading what is asked for and no more: the kernel does not read ahead (POSIX_FADV_RANDOM of posix_fadvise(2)), so that no process
    /// that writes meanwhile waits for a long read of the device.
    /// </summary>
    ReadInPieces,
}
