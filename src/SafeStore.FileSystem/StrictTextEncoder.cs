using System;
using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace SafeStore.FileSystem;

/// <summary>
/// Another encoder, which refuses text that no UTF-8 stands for before the writer puts U+FFFD in its place. (It lies here since an encoder
/// is asked by pointers, and this is the project with unsafe code.)
/// </summary>
internal sealed unsafe class StrictTextEncoder(JavaScriptEncoder inner) : JavaScriptEncoder
{
    public override int MaxOutputCharactersPerInputCharacter => inner.MaxOutputCharactersPerInputCharacter;

    public override bool WillEncode(int unicodeScalar) => inner.WillEncode(unicodeScalar);

    public override int FindFirstCharacterToEncode(char* text, int textLength)
    {
        Check(new ReadOnlySpan<char>(text, textLength));
        return inner.FindFirstCharacterToEncode(text, textLength);
    }

    public override int FindFirstCharacterToEncodeUtf8(ReadOnlySpan<byte> utf8Text) => Utf8.IsValid(utf8Text)
        ? inner.FindFirstCharacterToEncodeUtf8(utf8Text)
        : throw new ArgumentException("a text in it is not valid UTF-8");

    public override bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten) =>
        inner.TryEncodeUnicodeScalar(unicodeScalar, buffer, bufferLength, out numberOfCharactersWritten);

    public override OperationStatus Encode(
        ReadOnlySpan<char> source, Span<char> destination, out int charsConsumed, out int charsWritten, bool isFinalBlock = true) =>
        inner.Encode(source, destination, out charsConsumed, out charsWritten, isFinalBlock);

    public override OperationStatus EncodeUtf8(
        ReadOnlySpan<byte> utf8Source, Span<byte> utf8Destination, out int bytesConsumed, out int bytesWritten,
        bool isFinalBlock = true) =>
        inner.EncodeUtf8(utf8Source, utf8Destination, out bytesConsumed, out bytesWritten, isFinalBlock);

    private static void Check(ReadOnlySpan<char> text)
    {
        int next;
        while ((next = text.IndexOfAnyInRange('\ud800', '\udfff')) >= 0)
        {
            if (next + 1 >= text.Length || !char.IsSurrogatePair(text[next], text[next + 1]))
            {
                throw new ArgumentException("a text in it has half of a surrogate pair, which is no character");
            }

            text = text[(next + 2)..];
        }
    }
}
