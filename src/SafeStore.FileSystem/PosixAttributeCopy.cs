using System;
using System.Runtime.CompilerServices;

namespace SafeStore.FileSystem;

/// <summary>
/// What a file that replaces another takes over from it beside mode and owner. As a rule there is nothing, since a stamp is not taken over.
/// That listxattrat(2) of Linux 6.13 tells without opening the file: about 1 µs with the look at the new file, and 3 µs where the old
/// file must be opened.
/// </summary>
[SkipLocalsInit]
internal static unsafe class PosixAttributeCopy
{
    private const int UsualSize = 1024;
    private const int LargestSize = 64 * 1024; // the kernel allows no more, neither for all names nor for a value

    private static ReadOnlySpan<byte> AccessList => "system.posix_acl_access\0"u8;

    /// <summary><see cref="StampAttribute.Name"/>, and what is listed of a document that has nothing else.</summary>
    private static ReadOnlySpan<byte> Stamp => "user.safestore\0"u8;

    /// <summary>As a rule there is nothing to copy, and nothing that was inherited: two looks, and no file is opened.</summary>
    internal static Errno Copy(Descriptor directory, string name, Descriptor targetDirectory, string target)
    {
        ObjectDisposedException.ThrowIf(targetDirectory.IsClosed, targetDirectory); // as a rule no system call would tell it
        Errno errno = Look(directory, name, out bool hasAny);
        errno = errno == Errno.None && !hasAny ? Look(targetDirectory, target, out hasAny) : errno;
        if (errno != Errno.None || !hasAny)
        {
            return errno;
        }

        byte* text = stackalloc byte[NativeText.Capacity];
        errno = NativeText.Name(target, text);
        Descriptor? opened = null;
        errno = errno == Errno.None
            ? PosixOpening.OpenName(targetDirectory, text, LibC.O_RDONLY | LibC.O_NONBLOCK | LibC.O_NOCTTY, 0, out opened) : errno;
        using (opened)
        {
            // A file that its own maker may not read is as good as one whose attributes may not be set.
            return errno == Errno.None ? Copy(directory, name, opened!) : errno == Errno.AccessDenied ? Errno.None : errno;
        }
    }

    private static Errno Look(Descriptor directory, string name, out bool hasAny)
    {
        hasAny = false;
        byte* text = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Name(name, text);
        return errno == Errno.None ? HasAttributes(directory, text, out hasAny) : errno;
    }

    private static Errno Copy(Descriptor directory, string name, Descriptor to)
    {
        byte* text = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Name(name, text);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = HasAttributes(directory, text, out bool hasAny);
        bool hasAccessList = false;
        if (errno == Errno.None && hasAny)
        {
            errno = CopyAll(directory, text, to, out hasAccessList);
        }

        return errno == Errno.None && !hasAccessList ? RemoveInherited(to) : errno;
    }

    private static Errno HasAttributes(Descriptor directory, byte* name, out bool hasAny)
    {
        byte* names = stackalloc byte[Stamp.Length];
        nint length;
        Errno errno;
        do
        {
            length = LibC.listxattrat(directory, name, LibC.AT_SYMLINK_NOFOLLOW, names, (nuint)Stamp.Length);
        }
        while (LibC.MustRepeat(length, out errno));

        // No room for all of them; or not known to the kernel, or refused by a filter: the file must be opened to see.
        hasAny = (length > 0 && !new ReadOnlySpan<byte>(names, (int)length).SequenceEqual(Stamp))
            || errno is Errno.OutOfRange or Errno.NotImplemented or Errno.NotPermitted;
        return hasAny || errno == Errno.NotSupported ? Errno.None : errno;
    }

    private static Errno CopyAll(Descriptor directory, byte* name, Descriptor to, out bool hasAccessList)
    {
        hasAccessList = false;
        const int flags = LibC.O_RDONLY | LibC.O_NONBLOCK | LibC.O_NOCTTY;
        Errno errno = PosixOpening.OpenName(directory, name, flags, 0, out Descriptor? from);
        using (from)
        {
            return errno switch
            {
                Errno.None => CopyAll(from!, to, out hasAccessList),
                Errno.AccessDenied or Errno.SymbolicLink or Errno.NoSuchDevice => Errno.None, // not to be read, or no regular file
                _ => errno,
            };
        }
    }

    private static Errno CopyAll(Descriptor from, Descriptor to, out bool hasAccessList)
    {
        hasAccessList = false;
        Span<byte> names = stackalloc byte[UsualSize];
        Errno errno = List(from, names, out int length);
        if (errno == Errno.OutOfRange)
        {
            names = new byte[LargestSize];
            errno = List(from, names, out length);
        }

        for (names = names[..length]; errno == Errno.None && !names.IsEmpty;)
        {
            Span<byte> name = names[..(names.IndexOf((byte)0) + 1)];
            names = names[name.Length..];
            hasAccessList |= name.SequenceEqual(AccessList);
            errno = IsKept(name) ? CopyOne(from, name, to) : Errno.None;
        }

        return errno == Errno.NotSupported ? Errno.None : errno;
    }

    /// <summary>
    /// Of "security." the labels only: a capability must not come over to new content, and a signature (IMA, EVM) or the stamp does not
    /// fit it.
    /// </summary>
    private static bool IsKept(ReadOnlySpan<byte> name) =>
        (name.StartsWith("user."u8) && !name.SequenceEqual(Stamp))
        || name.SequenceEqual(AccessList)
        || name.SequenceEqual("security.selinux\0"u8)
        || name.SequenceEqual("security.apparmor\0"u8)
        || name.StartsWith("security.SMACK64"u8);

    private static Errno CopyOne(Descriptor from, ReadOnlySpan<byte> name, Descriptor to)
    {
        Span<byte> value = stackalloc byte[UsualSize];
        Errno errno = Get(from, name, value, out int length);
        if (errno == Errno.OutOfRange)
        {
            value = new byte[LargestSize];
            errno = Get(from, name, value, out length);
        }

        if (errno == Errno.None)
        {
            fixed (byte* start = name)
            {
                errno = PosixAttributes.Set(to, start, value[..length]);
            }
        }

        // No longer there, or not this process's to read or set, or not known to the filesystem of the copy.
        return errno is Errno.NoData or Errno.NotPermitted or Errno.AccessDenied or Errno.NotSupported ? Errno.None : errno;
    }

    private static Errno RemoveInherited(Descriptor to)
    {
        Span<byte> names = stackalloc byte[UsualSize];
        Errno errno = List(to, names, out int length);
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

    private static Errno List(Descriptor file, Span<byte> names, out int length)
    {
        fixed (byte* start = names)
        {
            nint result;
            Errno errno;
            do
            {
                result = LibC.flistxattr(file, start, (nuint)names.Length);
            }
            while (LibC.MustRepeat(result, out errno));

            length = errno == Errno.None ? (int)result : 0;
            return errno;
        }
    }

    private static Errno Get(Descriptor file, ReadOnlySpan<byte> name, Span<byte> value, out int length)
    {
        fixed (byte* nameStart = name, start = value)
        {
            nint result;
            Errno errno;
            do
            {
                result = LibC.fgetxattr(file, nameStart, start, (nuint)value.Length);
            }
            while (LibC.MustRepeat(result, out errno));

            length = errno == Errno.None ? (int)result : 0;
            return errno;
        }
    }
}
