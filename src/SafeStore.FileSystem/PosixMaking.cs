using System.Runtime.CompilerServices;

namespace SafeStore.FileSystem;

/// <summary>Makes directories and files with exactly the permissions that were asked for.</summary>
[SkipLocalsInit]
internal static unsafe class PosixMaking
{
    /// <summary>
    /// By mkdirat(2) and openat(2) with O_NOFOLLOW. With an owner all of it happens with the owner's rights: another directory that is put
    /// in the place of the new one meanwhile is one that the owner could have changed anyhow.
    /// </summary>
    internal static Errno MakeDirectory(Descriptor parent, string name, in FilePermissions permissions, out Descriptor? made)
    {
        made = null;
        byte* text = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Name(name, text);
        if (errno != Errno.None)
        {
            return errno;
        }

        using FileRights rights = FileRights.Of(permissions.IsOwnerOptional ? null : permissions.Owner, out errno);
        if (errno != Errno.None)
        {
            return errno;
        }

        while (LibC.MustRepeat(LibC.mkdirat(parent, text, (uint)permissions.Mode), out errno))
        {
        }

        if (errno != Errno.None)
        {
            return errno;
        }

        errno = PosixOpening.OpenName(parent, text, LibC.O_RDONLY | LibC.O_DIRECTORY, 0, out made);
        errno = errno == Errno.None ? PosixPermissions.Set(made!, permissions) : errno;
        if (errno != Errno.None)
        {
            _ = LibC.unlinkat(parent, text, LibC.AT_REMOVEDIR);
            made?.Dispose();
            made = null;
        }

        return errno;
    }

    internal static Errno CreateFile(Descriptor parent, string name, in FilePermissions permissions, out Descriptor? created)
    {
        created = null;
        byte* text = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Name(name, text);
        if (errno != Errno.None)
        {
            return errno;
        }

        const int flags = LibC.O_RDWR | LibC.O_CREAT | LibC.O_EXCL;
        errno = PosixOpening.OpenName(parent, text, flags, (uint)permissions.Mode, out created);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = PosixPermissions.Set(created!, permissions);
        if (errno != Errno.None)
        {
            _ = LibC.unlinkat(parent, text, 0);
            created!.Dispose();
            created = null;
        }

        return errno;
    }
}
