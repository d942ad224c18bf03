using System;
using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;

namespace SafeStore.Documents;

/// <summary>
/// What bytes may be a document: one JSON value in UTF-8 without byte order mark, depth up to 64, on writing also no duplicate property
/// names and no text that cannot be decoded (a lone surrogate in an escape).
/// </summary>
internal static class JsonRules
{
    public const int DepthMax = 64;

    /// <summary>Finds what is wrong with bytes that are to be read as a document; null if nothing is.</summary>
    public static JsonFault? FindFault(ReadOnlySpan<byte> json) => Find(json, strict: false);

    /// <summary>Finds what is wrong with bytes that are to be written as a document; null if nothing is.</summary>
    public static JsonFault? FindFaultStrictly(ReadOnlySpan<byte> json) => Find(json, strict: true);

    /// <summary>The fault that hides every other: nothing there, or not text.</summary>
    public static JsonFault? FindEncodingFault(ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty)
        {
            return new JsonFault(0, "it is empty");
        }

        if (json.StartsWith("\uFEFF"u8))
        {
            return new JsonFault(0, "it starts with a byte order mark");
        }

        return Utf8.IsValid(json) ? null : new JsonFault(IndexOfInvalidUtf8(json), "it is not valid UTF-8");
    }

    private static JsonFault? Find(ReadOnlySpan<byte> json, bool strict)
    {
        if (FindEncodingFault(json) is { } fault)
        {
            return fault;
        }

        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DepthMax });
        try
        {
            return strict ? ReadStrictly(json, ref reader) : ReadAll(ref reader);
        }
        catch (JsonException failure)
        {
            return new JsonFault(PositionOf(json, failure), $"it is not valid JSON ({FirstSentence(failure.Message)})");
        }
        catch (InvalidOperationException)
        {
            return new JsonFault(reader.TokenStartIndex, "a string has an escape that stands for no character");
        }
    }

    private static JsonFault? ReadAll(ref Utf8JsonReader reader)
    {
        while (reader.Read())
        {
        }

        return null;
    }

    private static JsonFault? ReadStrictly(ReadOnlySpan<byte> json, ref Utf8JsonReader reader)
    {
        Span<PropertyNames.Name> roomForNames = stackalloc PropertyNames.Name[PropertyNames.NamesAtFirst];
        Span<int> roomForFirsts = stackalloc int[DepthMax];
        var names = new PropertyNames(json, roomForNames, roomForFirsts);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    names.Enter();
                    break;
                case JsonTokenType.EndObject:
                    names.Leave();
                    break;
                case JsonTokenType.PropertyName when !names.TryAdd(PropertyNames.Name.At(ref reader)):
                    return new JsonFault(reader.TokenStartIndex, $"the property '{reader.GetString()}' appears twice");
                case JsonTokenType.PropertyName when reader.ValueIsEscaped:
                case JsonTokenType.String when reader.ValueIsEscaped:
                    CheckDecodes(ref reader);
                    break;
                case JsonTokenType.Number when reader.TryGetDouble(out double number) && !double.IsFinite(number):
                    return new JsonFault(reader.TokenStartIndex, "a number is too large for a double");
                default:
                    break;
            }
        }

        return null;
    }

    private static void CheckDecodes(ref Utf8JsonReader reader)
    {
        byte[] scratch = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            reader.CopyString(scratch);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private static int IndexOfInvalidUtf8(ReadOnlySpan<byte> bytes)
    {
        int position = 0;
        while (System.Text.Rune.DecodeFromUtf8(bytes[position..], out _, out int consumed) == OperationStatus.Done)
        {
            position += consumed;
        }

        return position;
    }

    /// <summary>JsonException counts lines; a file's reader wants the byte.</summary>
    public static long PositionOf(ReadOnlySpan<byte> json, JsonException failure)
    {
        long line = failure.LineNumber ?? 0;
        int start = 0;
        for (; line > 0 && json[start..].IndexOf((byte)'\n') is var end and >= 0; line--)
        {
            start += end + 1;
        }

        return Math.Min(start + (failure.BytePositionInLine ?? 0), json.Length);
    }

    public static string FirstSentence(string message)
    {
        int end = message.IndexOf(". ", StringComparison.Ordinal);
        return (end < 0 ? message : message[..end]).TrimEnd('.');
    }
}

/// <summary>What is wrong with a document's bytes.</summary>
internal sealed record JsonFault(long Position, string Reason);
