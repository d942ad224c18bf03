namespace SafeStore.FileSystem;

/// <summary>Gives what has just been made its owner and its permission bits.</summary>
internal static unsafe class PosixPermissions
{
    /// <summary>
    /// Sets both, as far as they differ from what a umask, a default access list, a set-group-ID directory or the process's own ids have
    /// given; to look first costs a sixth of a change.
    /// </summary>
    internal static Errno Set(int descriptor, in FilePermissions permissions)
    {
        Errno errno = PosixStatus.OfNumber(descriptor, out FileStatus made);
        if (errno != Errno.None)
        {
            return errno;
        }

        bool isGivenAway = permissions.Owner is { } owner && made.Owner != owner;
        if (isGivenAway)
        {
            errno = Give(descriptor, permissions.Owner!.Value);
            if (errno == Errno.NotPermitted && permissions.IsOwnerOptional)
            {
                FileOwner group = permissions.Owner.Value with { User = LibC.NO_CHANGE };
                errno = group.Group == made.Owner.Group ? Errno.None : Give(descriptor, group);
                errno = errno == Errno.NotPermitted ? Errno.None : errno;
            }
        }

        // The bits come last: a change of owner takes some of them away.
        if (errno != Errno.None || (!isGivenAway && made.Mode == permissions.Mode))
        {
            return errno;
        }

        while (LibC.MustRepeat(LibC.fchmod(descriptor, (uint)permissions.Mode), out errno))
        {
        }

        return errno;
    }

    private static Errno Give(int descriptor, FileOwner owner)
    {
        Errno errno;
        while (LibC.MustRepeat(LibC.fchown(descriptor, owner.User, owner.Group), out errno))
        {
        }

        return errno;
    }

    /// <inheritdoc cref="Set(int, in FilePermissions)"/>
    internal static Errno Set(Descriptor descriptor, in FilePermissions permissions)
    {
        bool isHeld = false;
        try
        {
            descriptor.DangerousAddRef(ref isHeld);
            return Set((int)descriptor.DangerousGetHandle(), permissions);
        }
        finally
        {
            if (isHeld)
            {
                descriptor.DangerousRelease();
            }
        }
    }
}

/// <summary>
/// Lets the calling thread reach files with another user's rights, and no more than those, until disposed (setfsuid(2)). No code of
/// another thread may run in between.
/// </summary>
internal readonly ref struct FileRights
{
    private readonly FileOwner _before;
    private readonly bool _isChanged;

    private FileRights(FileOwner before) => (_before, _isChanged) = (before, true);

    /// <summary>Takes on a user's rights; the thread's own if there is no user.</summary>
    /// <param name="owner">The user and the group; null for none.</param>
    /// <param name="errno"><see cref="Errno.NotPermitted"/> if the process may not; the rights are the thread's own then.</param>
    internal static FileRights Of(FileOwner? owner, out Errno errno)
    {
        errno = Errno.None;
        if (owner is not { } wanted)
        {
            return default;
        }

        var own = new FileOwner(LibC.setfsuid(LibC.NO_CHANGE), LibC.setfsgid(LibC.NO_CHANGE));
        if (wanted == own)
        {
            return default;
        }

        // The group first: without the user's privileges it could not be changed.
        _ = LibC.setfsgid(wanted.Group);
        _ = LibC.setfsuid(wanted.User);
        var rights = new FileRights(own);
        if (new FileOwner(LibC.setfsuid(LibC.NO_CHANGE), LibC.setfsgid(LibC.NO_CHANGE)) == wanted)
        {
            return rights;
        }

        rights.Dispose();
        errno = Errno.NotPermitted;
        return default;
    }

    public void Dispose()
    {
        if (_isChanged)
        {
            _ = LibC.setfsuid(_before.User);
            _ = LibC.setfsgid(_before.Group);
        }
    }
}
