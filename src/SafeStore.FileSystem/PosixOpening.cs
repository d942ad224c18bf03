using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SafeStore.FileSystem;

/// <summary>
/// Opens paths below a directory without following a symbolic link anywhere in them: by openat2(2) in one call, or component by
/// component where the kernel (before 5.6) or a seccomp filter refuses that.
/// </summary>
[SkipLocalsInit]
internal static unsafe class PosixOpening
{
    private const byte Slash = (byte)'/';

    /// <summary>Whether openat2 works here. Asked once: a filter's EPERM on each call could not be told from the path's own.</summary>
    internal static bool KernelResolves { get; } = Probe();

    /// <summary>Opens a path, which is overwritten when walking.</summary>
    internal static Errno Open(Descriptor directory, byte* path, int flags, bool walk, out Descriptor? opened) =>
        walk ? Walk(directory, path, flags, out opened) : Resolve(directory, path, flags, out opened);

    /// <summary>Opens a path as <see cref="Open"/> does, to a bare number that the caller must close.</summary>
    internal static Errno OpenNumber(Descriptor directory, byte* path, int flags, bool walk, out int number)
    {
        if (!walk)
        {
            return ResolveNumber(directory, path, flags, out number);
        }

        Errno errno = Walk(directory, path, flags, out Descriptor? opened);
        number = opened is null ? -1 : (int)opened.DangerousGetHandle();
        opened?.SetHandleAsInvalid();
        return errno;
    }

    /// <summary>Opens a single component, without following a link; any flags of openat(2).</summary>
    internal static Errno OpenName(Descriptor directory, byte* name, int flags, uint mode, out Descriptor? opened)
    {
        Errno errno = OpenNameNumber(directory, name, flags, mode, out int number);
        opened = errno == Errno.None ? new Descriptor(number) : null;
        return errno;
    }

    /// <summary>Opens a single component as <see cref="OpenName"/> does, to a bare number that the caller must close.</summary>
    internal static Errno OpenNameNumber(Descriptor directory, byte* name, int flags, uint mode, out int number)
    {
        Errno errno;
        do
        {
            number = LibC.openat(directory, name, flags | LibC.O_NOFOLLOW | LibC.O_CLOEXEC, mode);
        }
        while (LibC.MustRepeat(number, out errno));

        // With O_DIRECTORY the kernel calls a link "not a directory"; the contract wants it called a link.
        if (errno == Errno.NotDirectory
            && PosixStatus.OfPath(directory, name, out FileStatus status) == Errno.None
            && status.Kind == FileKind.SymbolicLink)
        {
            errno = Errno.SymbolicLink;
        }

        return errno;
    }

    private static Errno Resolve(Descriptor directory, byte* path, int flags, out Descriptor? opened)
    {
        Errno errno = ResolveNumber(directory, path, flags, out int number);
        opened = errno == Errno.None ? new Descriptor(number) : null;
        return errno;
    }

    private static Errno ResolveNumber(Descriptor directory, byte* path, int flags, out int number)
    {
        // No O_NOFOLLOW: with it, O_DIRECTORY on a link would give ENOTDIR; without it, NO_SYMLINKS gives ELOOP for every link.
        LibC.OpenHow how = new()
        {
            Flags = (ulong)(flags | LibC.O_CLOEXEC),
            Resolve = LibC.RESOLVE_NO_SYMLINKS | (MayLeave(path) ? LibC.RESOLVE_BENEATH : 0),
        };
        nint result;
        Errno errno;
        do
        {
            result = LibC.openat2(directory, path, &how);
        }
        while (LibC.MustRepeat(result, out errno));

        number = (int)result;
        return errno;
    }

    /// <summary>
    /// Whether a path could lead out of its directory, links apart: it is absolute, or has two dots in a row. Only then the kernel is asked
    /// to watch: it takes a lock of the whole machine for that (path_is_under), at each call.
    /// </summary>
    private static bool MayLeave(byte* path)
    {
        ReadOnlySpan<byte> text = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(path);
        return *path == Slash || text.IndexOf(".."u8) >= 0;
    }

    private static Errno Walk(Descriptor directory, byte* path, int flags, out Descriptor? opened)
    {
        opened = null;
        if (*path == 0)
        {
            return Errno.NotFound;
        }

        if (*path == Slash)
        {
            return Errno.CrossDevice;
        }

        Descriptor current = directory;
        try
        {
            while (true)
            {
                byte* name = path;
                bool more = CutName(ref path);
                if (IsParent(name))
                {
                    // Stricter than RESOLVE_BENEATH, which lets ".." pass as long as it stays below.
                    return Errno.CrossDevice;
                }

                if (*path == 0)
                {
                    return OpenName(current, name, more ? flags | LibC.O_DIRECTORY : flags, 0, out opened);
                }

                Errno errno = OpenName(current, name, LibC.O_PATH | LibC.O_DIRECTORY, 0, out Descriptor? next);
                if (errno != Errno.None)
                {
                    return errno;
                }

                Release(current, directory);
                current = next!;
            }
        }
        finally
        {
            Release(current, directory);
        }
    }

    /// <summary>Ends the name at its slash, if it has one, and moves on to the next name or the end of the path.</summary>
    private static bool CutName(ref byte* path)
    {
        while (*path is not 0 and not Slash)
        {
            path++;
        }

        bool cut = *path == Slash;
        while (*path == Slash)
        {
            *path++ = 0;
        }

        return cut;
    }

    private static bool IsParent(byte* name) => name[0] == '.' && name[1] == '.' && name[2] == 0;

    private static void Release(Descriptor current, Descriptor start)
    {
        if (current != start)
        {
            current.Dispose();
        }
    }

    private static bool Probe()
    {
        byte* path = stackalloc byte[2] { (byte)'/', 0 };
        using Descriptor root = new(LibC.open(path, LibC.O_PATH | LibC.O_DIRECTORY | LibC.O_CLOEXEC, 0));
        if (root.IsInvalid)
        {
            return true;
        }

        path[0] = (byte)'.';
        Errno errno = Resolve(root, path, LibC.O_PATH | LibC.O_DIRECTORY, out Descriptor? self);
        self?.Dispose();
        return errno is not (Errno.NotImplemented or Errno.NotPermitted);
    }
}
