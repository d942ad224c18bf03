using System.Runtime.CompilerServices;

namespace SafeStore.FileSystem;

/// <summary>renameat2(2), and what stands in for it where it is refused.</summary>
[SkipLocalsInit]
internal static unsafe class PosixRenaming
{
    internal static Errno Rename(Descriptor from, string source, Descriptor to, string target, RenameKind kind)
    {
        byte* sourceText = stackalloc byte[NativeText.Capacity];
        byte* targetText = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Name(source, sourceText);
        errno = errno == Errno.None ? NativeText.Name(target, targetText) : errno;
        errno = kind is RenameKind.Replace or RenameKind.NoReplace or RenameKind.Exchange ? errno : Errno.Invalid;
        if (errno != Errno.None)
        {
            return errno;
        }

        uint flags = kind switch
        {
            RenameKind.NoReplace => LibC.RENAME_NOREPLACE,
            RenameKind.Exchange => LibC.RENAME_EXCHANGE,
            _ => LibC.RENAME_REPLACE,
        };
        while (LibC.MustRepeat(LibC.renameat2(from, sourceText, to, targetText, flags), out errno))
        {
        }

        // EINVAL: the filesystem does not know the flag (ZFS before 2.2). EPERM: a seccomp filter refuses the call. Both have meanings of
        // their own too (a directory that goes below itself, an immutable file): the other call says so again.
        bool isRefused = errno is Errno.Invalid or Errno.NotImplemented or Errno.NotPermitted;
        return kind switch
        {
            RenameKind.NoReplace when isRefused => ToFreeName(from, sourceText, to, targetText),
            RenameKind.Replace when isRefused => Plain(from, sourceText, to, targetText),
            _ => errno,
        };
    }

    private static Errno ToFreeName(Descriptor from, byte* source, Descriptor to, byte* target)
    {
        Errno errno = PosixStatus.OfPath(from, source, out _);
        if (errno != Errno.None)
        {
            return errno;
        }

        return PosixStatus.OfPath(to, target, out _) switch
        {
            Errno.None => Errno.Exists,
            Errno.NotFound => Plain(from, source, to, target),
            Errno other => other,
        };
    }

    private static Errno Plain(Descriptor from, byte* source, Descriptor to, byte* target)
    {
        Errno errno;
        while (LibC.MustRepeat(LibC.renameat(from, source, to, target), out errno))
        {
        }

        return errno;
    }
}
