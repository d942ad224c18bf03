using System;
using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace SafeStore.FileSystem;

/// <summary>
/// Turns paths into the kernel's NUL-terminated bytes, on the stack, and names back into text. Bytes that are not UTF-8 are lone
/// surrogates in it, as in Python's surrogateescape (PEP 383). What cannot be said exactly is refused, never altered.
/// </summary>
internal static unsafe class NativeText
{
    /// <summary>The kernel's limit of a path with its NUL (PATH_MAX); every buffer passed in has this size.</summary>
    internal const int Capacity = 4096;

    private const char FirstEscape = '\uDC80';
    private const char LastEscape = '\uDCFF';

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

    /// <summary>The name that stands for some bytes: UTF-8, and U+DC80 to U+DCFF for each byte that is none.</summary>
    internal static string Decode(ReadOnlySpan<byte> name)
    {
        if (Utf8.IsValid(name))
        {
            return Encoding.UTF8.GetString(name);
        }

        var text = new StringBuilder(name.Length);
        while (!name.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(name, out Rune rune, out int length) == OperationStatus.Done)
            {
                text.Append(rune);
            }
            else
            {
                // A sequence that breaks off may have several bytes; none of them has the highest bit clear.
                foreach (byte lone in name[..length])
                {
                    text.Append((char)(FirstEscape - 0x80 + lone));
                }
            }

            name = name[length..];
        }

        return text.ToString();
    }

    private static Errno Encode(ReadOnlySpan<char> text, byte* buffer)
    {
        var room = new Span<byte>(buffer, Capacity - 1);
        while (true)
        {
            OperationStatus status = Utf8.FromUtf16(text, room, out int read, out int written, replaceInvalidSequences: false);
            room = room[written..];
            text = text[read..];
            if (status == OperationStatus.Done)
            {
                buffer[Capacity - 1 - room.Length] = 0;
                return Errno.None;
            }

            // A lone surrogate that is no escape has no bytes; replacing it would make different names the same.
            if (status == OperationStatus.InvalidData && text[0] is not (>= FirstEscape and <= LastEscape))
            {
                return Errno.Invalid;
            }

            if (status == OperationStatus.DestinationTooSmall || room.IsEmpty)
            {
                return Errno.NameTooLong;
            }

            room[0] = (byte)(text[0] - FirstEscape + 0x80);
            room = room[1..];
            text = text[1..];
        }
    }
}
