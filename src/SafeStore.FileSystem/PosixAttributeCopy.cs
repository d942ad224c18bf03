using System;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SafeStore.FileSystem;

/// <summary>
/// What a file that replaces another takes over from it beside mode and owner. The old file is reached by a path through the open
/// directory: to open it would cost more than all that there is to copy, as a rule nothing.
/// </summary>
[SkipLocalsInit]
internal static unsafe class PosixAttributeCopy
{
    private const int UsualSize = 1024;
    private const int LargestSize = 64 * 1024;
    private const int PrefixSize = 32;

    private static ReadOnlySpan<byte> AccessList => "system.posix_acl_access\0"u8;

    /// <summary>As a rule there is nothing to copy, and nothing that was inherited: two looks, and no file is opened.</summary>
    internal static Errno Copy(Descriptor directory, string name, Descriptor targetDirectory, string target)
    {
        Errno errno = Look(directory, name, out bool hasAny);
        errno = errno == Errno.None && !hasAny ? Look(targetDirectory, target, out hasAny) : errno;
        if (errno != Errno.None || !hasAny)
        {
            return errno;
        }

        byte* text = stackalloc byte[NativeText.Capacity];
        errno = NativeText.Name(target, text);
        Descriptor? opened = null;
        errno = errno == Errno.None ? PosixOpening.OpenName(targetDirectory, text, LibC.O_RDWR | LibC.O_NONBLOCK | LibC.O_NOCTTY, 0, out opened) : errno;
        using (opened)
        {
            return errno == Errno.None ? Copy(directory, name, opened!) : errno;
        }
    }

    private static Errno Look(Descriptor directory, string name, out bool hasAny)
    {
        hasAny = false;
        byte* text = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Name(name, text);
        if (errno != Errno.None)
        {
            return errno;
        }

        byte* path = stackalloc byte[PrefixSize + NativeText.Capacity];
        bool isHeld = false;
        try
        {
            directory.DangerousAddRef(ref isHeld);
            Join((int)directory.DangerousGetHandle(), text, path);
            nint length;
            while (LibC.MustRepeat(length = LibC.llistxattr(path, null, 0), out errno))
            {
            }

            hasAny = errno is not (Errno.None or Errno.NotSupported) || length > 0; // what the look could not tell, the copy does
            return Errno.None;
        }
        finally
        {
            if (isHeld)
            {
                directory.DangerousRelease();
            }
        }
    }

    private static Errno Copy(Descriptor directory, string name, Descriptor to)
    {
        byte* text = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Name(name, text);
        if (errno != Errno.None)
        {
            return errno;
        }

        byte* path = stackalloc byte[PrefixSize + NativeText.Capacity];
        bool isHeld = false;
        try
        {
            directory.DangerousAddRef(ref isHeld);
            Join((int)directory.DangerousGetHandle(), text, path);
            errno = Copy(new Source(path, null), to);
        }
        finally
        {
            if (isHeld)
            {
                directory.DangerousRelease();
            }
        }

        // The path is missing also where there is no /proc.
        return errno is Errno.NotFound or Errno.NotDirectory ? CopyOpened(directory, text, to) : errno;
    }

    private static Errno CopyOpened(Descriptor directory, byte* name, Descriptor to)
    {
        Errno errno = PosixOpening.OpenName(directory, name, LibC.O_RDONLY | LibC.O_NONBLOCK | LibC.O_NOCTTY, 0, out Descriptor? opened);
        using (opened)
        {
            return errno == Errno.None ? Copy(new Source(null, opened), to) : errno;
        }
    }

    private static Errno Copy(in Source from, Descriptor to)
    {
        Span<byte> names = stackalloc byte[UsualSize];
        Errno errno = from.List(names, out int length);
        if (errno == Errno.OutOfRange)
        {
            names = new byte[LargestSize]; // the kernel allows no more
            errno = from.List(names, out length);
        }

        if (errno != Errno.None)
        {
            return errno == Errno.NotSupported ? Errno.None : errno;
        }

        bool hasAccessList = false;
        for (names = names[..length]; !names.IsEmpty;)
        {
            Span<byte> name = names[..(names.IndexOf((byte)0) + 1)];
            names = names[name.Length..];
            hasAccessList |= name.SequenceEqual(AccessList);
            errno = IsKept(name) ? CopyOne(from, name, to) : Errno.None;
            if (errno != Errno.None)
            {
                return errno;
            }
        }

        return hasAccessList ? Errno.None : RemoveInherited(to);
    }

    /// <summary>
    /// Of "security." the labels only: a capability must not come over to new content, and a signature (IMA, EVM) does not fit it.
    /// </summary>
    private static bool IsKept(ReadOnlySpan<byte> name) =>
        name.StartsWith("user."u8)
        || name.SequenceEqual(AccessList)
        || name.SequenceEqual("security.selinux\0"u8)
        || name.SequenceEqual("security.apparmor\0"u8)
        || name.StartsWith("security.SMACK64"u8);

    private static Errno CopyOne(in Source from, ReadOnlySpan<byte> name, Descriptor to)
    {
        Span<byte> value = stackalloc byte[UsualSize];
        Errno errno = from.Get(name, value, out int length);
        if (errno == Errno.OutOfRange)
        {
            value = new byte[LargestSize];
            errno = from.Get(name, value, out length);
        }

        if (errno == Errno.None)
        {
            fixed (byte* nameStart = name, start = value)
            {
                while (LibC.MustRepeat(LibC.fsetxattr(to, nameStart, start, (nuint)length, 0), out errno))
                {
                }
            }
        }

        // No longer there, or not this process's to read or set, or not known to the filesystem of the copy.
        return errno is Errno.NoData or Errno.NotPermitted or Errno.AccessDenied or Errno.NotSupported ? Errno.None : errno;
    }

    private static Errno RemoveInherited(Descriptor to)
    {
        Span<byte> names = stackalloc byte[UsualSize];
        Errno errno = new Source(null, to).List(names, out int length);
        if (errno != Errno.None || names[..length].IndexOf(AccessList) < 0)
        {
            return Errno.None; // none, or more than a new file is ever given
        }

        fixed (byte* name = AccessList)
        {
            while (LibC.MustRepeat(LibC.fremovexattr(to, name), out errno))
            {
            }
        }

        return errno is Errno.NoData or Errno.NotSupported ? Errno.None : errno;
    }

    private static void Join(int directory, byte* name, byte* path)
    {
        var room = new Span<byte>(path, PrefixSize + NativeText.Capacity);
        "/proc/self/fd/"u8.CopyTo(room);
        room = room["/proc/self/fd/"u8.Length..];
        _ = directory.TryFormat(room, out int digits, default, CultureInfo.InvariantCulture);
        room[digits] = (byte)'/';
        ReadOnlySpan<byte> text = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name);
        text.CopyTo(room[(digits + 1)..]);
        room[digits + 1 + text.Length] = 0;
    }

    /// <summary>A file whose attributes are read: by its path, without following a link, or opened.</summary>
    private readonly struct Source(byte* path, Descriptor? opened)
    {
        public Errno List(Span<byte> names, out int length)
        {
            fixed (byte* start = names)
            {
                nint result;
                Errno errno;
                do
                {
                    result = opened is null
                        ? LibC.llistxattr(path, start, (nuint)names.Length)
                        : LibC.flistxattr(opened, start, (nuint)names.Length);
                }
                while (LibC.MustRepeat(result, out errno));

                length = errno == Errno.None ? (int)result : 0;
                return errno;
            }
        }

        public Errno Get(ReadOnlySpan<byte> name, Span<byte> value, out int length)
        {
            fixed (byte* nameStart = name, start = value)
            {
                nint result;
                Errno errno;
                do
                {
                    result = opened is null
                        ? LibC.lgetxattr(path, nameStart, start, (nuint)value.Length)
                        : LibC.fgetxattr(opened, nameStart, start, (nuint)value.Length);
                }
                while (LibC.MustRepeat(result, out errno));

                length = errno == Errno.None ? (int)result : 0;
                return errno;
            }
        }
    }
}
