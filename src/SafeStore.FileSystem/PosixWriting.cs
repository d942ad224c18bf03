using System;
using System.Runtime.CompilerServices;

namespace SafeStore.FileSystem;

/// <summary>Writes, by pwrite(2); small new files in one go: the bare calls, with nothing on the heap.</summary>
[SkipLocalsInit]
internal static unsafe class PosixWriting
{
    internal static Errno Write(Descriptor file, ReadOnlySpan<byte> bytes, long offset, out int count)
    {
        fixed (byte* start = bytes)
        {
            nint written;
            Errno errno;
            do
            {
                written = LibC.pwrite(file, start, (nuint)bytes.Length, offset);
            }
            while (LibC.MustRepeat(written, out errno));

            count = errno == Errno.None ? (int)written : 0;
            return errno;
        }
    }

    internal static Errno Create(
        Descriptor directory, string name, in FilePermissions permissions, ReadOnlySpan<byte> bytes, out bool isCreated)
    {
        isCreated = false;
        byte* text = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Name(name, text);
        if (errno != Errno.None)
        {
            return errno;
        }

        const int flags = LibC.O_RDWR | LibC.O_CREAT | LibC.O_EXCL;
        errno = PosixOpening.OpenNameNumber(directory, text, flags, (uint)permissions.Mode, out int number);
        if (errno != Errno.None)
        {
            return errno;
        }

        // Nothing from here to the close throws, so that no handle need own the number.
        errno = PosixPermissions.Set(number, permissions);
        isCreated = errno == Errno.None;
        errno = isCreated ? WriteAll(number, bytes) : errno;
        _ = LibC.close(number);
        return isCreated ? errno : Withdraw(directory, text, errno, out isCreated);
    }

    /// <summary>Removes what could not be given its permissions; if even that fails, the caller hears that the file is there.</summary>
    private static Errno Withdraw(Descriptor directory, byte* name, Errno reason, out bool isLeft)
    {
        Errno errno;
        while (LibC.MustRepeat(LibC.unlinkat(directory, name, 0), out errno))
        {
        }

        isLeft = errno is not (Errno.None or Errno.NotFound);
        return reason;
    }

    private static Errno WriteAll(int file, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            for (int length = 0; length < bytes.Length;)
            {
                nint written;
                Errno errno;
                do
                {
                    written = LibC.pwrite(file, start + length, (nuint)(bytes.Length - length), length);
                }
                while (LibC.MustRepeat(written, out errno));

                if (written <= 0)
                {
                    return errno == Errno.None ? Errno.InputOutput : errno;
                }

                length += (int)written;
            }
        }

        return Errno.None;
    }
}
