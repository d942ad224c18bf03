using System;
using System.Collections.Generic;
using System.Text;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Disks;

/// <summary>
/// Names as the kernel has them: bytes, of which those that are not UTF-8 are lone surrogates, U+DC80 to U+DCFF, in a text.
/// </summary>
internal static class NameText
{
    private const char FirstEscape = '\uDC80';
    private const char LastEscape = '\uDCFF';

    /// <summary>The one text among all that mean the same bytes: escapes that make up UTF-8 are what they make up.</summary>
    public static string Canonical(string name)
    {
        if (name.AsSpan().IndexOfAnyInRange(FirstEscape, LastEscape) < 0)
        {
            return name;
        }

        var bytes = new List<byte>(name.Length);
        Span<byte> encoded = stackalloc byte[4];
        for (int i = 0; i < name.Length; i++)
        {
            if (Rune.TryGetRuneAt(name, i, out Rune rune))
            {
                bytes.AddRange(encoded[..rune.EncodeToUtf8(encoded)]);
                i += rune.Utf16SequenceLength - 1;
            }
            else
            {
                bytes.Add((byte)(name[i] - FirstEscape + 0x80));
            }
        }

        return NativeText.Decode(bytes.ToArray());
    }

    /// <summary>A text that is too long as bytes, or has none: a lone surrogate that is no escape. Whichever comes first.</summary>
    public static Errno CheckLength(string text, int max)
    {
        int bytes = 0;
        for (int i = 0; i < text.Length && bytes <= max; i++)
        {
            if (Rune.TryGetRuneAt(text, i, out Rune rune))
            {
                bytes += rune.Utf8SequenceLength;
                i += rune.Utf16SequenceLength - 1;
            }
            else if (text[i] is >= FirstEscape and <= LastEscape)
            {
                bytes++;
            }
            else
            {
                return Errno.Invalid;
            }
        }

        return bytes > max ? Errno.NameTooLong : Errno.None;
    }
}
