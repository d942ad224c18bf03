namespace SafeStore.Testing.Disks;

/// <summary>A file or directory of a disk that is shown at a name.</summary>
/// <param name="Id">Its number, never given twice.</param>
/// <param name="Device">The disk.</param>
/// <param name="Root">What is shown.</param>
/// <param name="Parent">The mount in which the name is; 0 for the root filesystem.</param>
/// <param name="Directory">The directory of the name; what is covered, if the name is empty.</param>
/// <param name="Name">The name; empty for a mount that covers the root of its parent.</param>
internal sealed record Mount(ulong Id, ulong Device, long Root, ulong Parent, long Directory, string Name);

/// <summary>An inode on its disk, reached through a mount.</summary>
internal readonly record struct Place(Disk Disk, Inode Inode, Mount Mount)
{
    /// <summary>Whether both are the same file or directory, through whatever mount.</summary>
    public bool IsSame(in Place other) => Inode == other.Inode;
}
