using System;
using System.Buffers;
using System.Text.Unicode;

namespace SafeStore.FileSystem;

/// <summary>Turns paths into the kernel's NUL-terminated UTF-8, on the stack. What cannot be said exactly is refused, never altered.</summary>
internal static unsafe class NativeText
{
    /// <summary>The kernel's limit of a path with its NUL (PATH_MAX); every buffer passed in has this size.</summary>
    internal const int Capacity = 4096;

    /// <summary>Encodes a path of any number of components.</summary>
    internal static Errno Path(ReadOnlySpan<char> path, byte* buffer)
    {
        if (path.Contains('\0'))
        {
            return Errno.Invalid;
        }

        return Encode(path, buffer);
    }

    /// <summary>Encodes a single component.</summary>
    internal static Errno Name(ReadOnlySpan<char> name, byte* buffer)
    {
        if (name is "" or "." or ".." || name.ContainsAny('/', '\0'))
        {
            return Errno.Invalid;
        }

        return Encode(name, buffer);
    }

    private static Errno Encode(ReadOnlySpan<char> text, byte* buffer)
    {
        // A lone surrogate has no UTF-8; replacing it would make different names the same.
        OperationStatus status = Utf8.FromUtf16(text, new Span<byte>(buffer, Capacity - 1), out _, out int written, replaceInvalidSequences: false);
        buffer[written] = 0;
        return status switch
        {
            OperationStatus.Done => Errno.None,
            OperationStatus.DestinationTooSmall => Errno.NameTooLong,
            _ => Errno.Invalid,
        };
    }
}
