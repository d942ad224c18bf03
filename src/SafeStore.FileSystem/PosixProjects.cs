namespace SafeStore.FileSystem;

/// <summary>Project ids, by an ioctl that XFS has brought and others have taken over (FS_IOC_FSGETXATTR).</summary>
internal static unsafe class PosixProjects
{
    /// <summary>A filesystem that does not know the call, or a filter that refuses it, is one without projects.</summary>
    internal static (uint Id, bool IsHandedDown) Of(Descriptor directory)
    {
        LibC.FileAttributes found;
        return LibC.ioctl(directory, LibC.FS_IOC_FSGETXATTR, (int*)&found) == 0
            ? (found.Project, (found.Flags & LibC.FS_XFLAG_PROJINHERIT) != 0) : default;
    }
}
