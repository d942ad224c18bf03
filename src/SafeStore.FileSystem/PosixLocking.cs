namespace SafeStore.FileSystem;

/// <summary>Locks of whole files by flock(2), of bytes by fcntl(2) with F_OFD_SETLK. Both belong to the open file description.</summary>
internal static unsafe class PosixLocking
{
    internal static Errno TryLock(Descriptor descriptor, LockRange range, LockMode mode)
    {
        if (mode is not (LockMode.Shared or LockMode.Exclusive))
        {
            return Errno.Invalid;
        }

        bool isExclusive = mode == LockMode.Exclusive;
        if (range.IsWhole)
        {
            descriptor.MayHoldWhole = true;
            return Flock(descriptor, (isExclusive ? LibC.LOCK_EX : LibC.LOCK_SH) | LibC.LOCK_NB);
        }

        descriptor.MayHoldByte = true;
        return SetByte(descriptor, isExclusive ? LibC.F_WRLCK : LibC.F_RDLCK, range.Offset);
    }

    internal static Errno Unlock(Descriptor descriptor, LockRange range) =>
        range.IsWhole ? Flock(descriptor, LibC.LOCK_UN) : SetByte(descriptor, LibC.F_UNLCK, range.Offset);

    internal static Errno Test(Descriptor descriptor, LockRange range, LockMode mode)
    {
        if (range.IsWhole || mode is not (LockMode.Shared or LockMode.Exclusive))
        {
            return Errno.Invalid;
        }

        var found = new LibC.FileLock
        {
            Kind = mode == LockMode.Exclusive ? LibC.F_WRLCK : LibC.F_RDLCK,
            Start = range.Offset,
            Length = 1,
        };
        LibC.FileLock* answer = &found;
        Errno errno;
        while (LibC.MustRepeat(LibC.fcntl(descriptor, LibC.F_OFD_GETLK, answer), out errno))
        {
        }

        return errno == Errno.None && answer->Kind != LibC.F_UNLCK ? Errno.WouldBlock : errno;
    }

    internal static void ReleaseWhole(nint number) => _ = LibC.flock(number, LibC.LOCK_UN);

    internal static void ReleaseBytes(nint number)
    {
        var all = new LibC.FileLock { Kind = LibC.F_UNLCK };
        _ = LibC.fcntl(number, LibC.F_OFD_SETLK, &all);
    }

    private static Errno Flock(Descriptor descriptor, int operation)
    {
        Errno errno;
        while (LibC.MustRepeat(LibC.flock(descriptor, operation), out errno))
        {
        }

        return errno;
    }

    private static Errno SetByte(Descriptor descriptor, short kind, long offset)
    {
        var range = new LibC.FileLock { Kind = kind, Start = offset, Length = 1 };
        Errno errno;
        while (LibC.MustRepeat(LibC.fcntl(descriptor, LibC.F_OFD_SETLK, &range), out errno))
        {
        }

        // POSIX allows either for a lock that another holds (fcntl(2)).
        return errno == Errno.AccessDenied ? Errno.WouldBlock : errno;
    }
}
