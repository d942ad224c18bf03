namespace SafeStore.FileSystem;

/// <summary>Reserves space by fallocate(2), or sets the size alone where that is refused.</summary>
internal static unsafe class PosixAllocation
{
    internal static Errno Allocate(Descriptor file, long size)
    {
        if (size < 0)
        {
            return Errno.Invalid;
        }

        // fallocate refuses zero, and only ever grows a file; so does what stands in for it.
        Errno errno = Errno.NotSupported;
        if (size > 0)
        {
            WriteInPlace(file);
            while (LibC.MustRepeat(LibC.fallocate(file, 0, 0, size), out errno))
            {
            }
        }

        // EPERM: by a seccomp filter. If it is the file's own (immutable, sealed), setting the size gives it again.
        return errno is Errno.NotSupported or Errno.Invalid or Errno.NotImplemented or Errno.NotPermitted ? Grow(file, size) : errno;
    }

    /// <summary>
    /// On btrfs, space that was reserved serves the first write only: each later write is a copy, which needs new space. An empty file can
    /// be told to be written in place. Where that is refused, the file is as good as before.
    /// </summary>
    private static void WriteInPlace(Descriptor file)
    {
        if (!PosixTraits.IsBtrfs(file) || PosixStatus.OfDescriptor(file, out FileStatus status) != Errno.None || status.Size > 0)
        {
            return;
        }

        int flags = 0;
        if (LibC.ioctl(file, LibC.FS_IOC_GETFLAGS, &flags) == 0)
        {
            flags |= LibC.FS_NOCOW_FL;
            _ = LibC.ioctl(file, LibC.FS_IOC_SETFLAGS, &flags);
        }
    }

    private static Errno Grow(Descriptor file, long size)
    {
        Errno errno = PosixStatus.OfDescriptor(file, out FileStatus status);
        if (errno != Errno.None || status.Size >= size)
        {
            return errno;
        }

        while (LibC.MustRepeat(LibC.ftruncate(file, size), out errno))
        {
        }

        return errno;
    }
}
