using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using SafeStore.FileSystem;

namespace SafeStore.Documents;

/// <summary>
/// What bytes may be a document: one JSON value in UTF-8 without byte order mark, depth up to 64, on writing also no duplicate property
/// names and no text that cannot be decoded (a lone surrogate in an escape).
/// </summary>
internal static class JsonRules
{
    public const int DepthMax = 64;

    private const string InvalidLiteral = "' is an invalid JSON literal";
    private const string UndecodableText = "a string has an escape that stands for no character";

    /// <summary>Finds what is wrong with bytes that are to be read as a document; null if nothing is.</summary>
    public static JsonFault? FindFault(ReadOnlySpan<byte> json) => Find(json, strict: false);

    /// <summary>Finds what is wrong with bytes that are to be written as a document; null if nothing is.</summary>
    public static JsonFault? FindFaultStrictly(ReadOnlySpan<byte> json) => Find(json, strict: true);

    /// <summary>Finds text that cannot be decoded in what may be read as a document; null if there is none.</summary>
    public static JsonFault? FindTextFault(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DepthMax });
        try
        {
            while (reader.Read())
            {
                if (reader is { TokenType: JsonTokenType.PropertyName or JsonTokenType.String, ValueIsEscaped: true })
                {
                    CheckDecodes(ref reader);
                }
            }

            return null;
        }
        catch (InvalidOperationException)
        {
            return new JsonFault(reader.TokenStartIndex, UndecodableText);
        }
    }

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
            return new JsonFault(reader.TokenStartIndex, UndecodableText);
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

    /// <summary>What a reader's message says, without the text that it quotes for an unknown literal: that may be a secret.</summary>
    public static string FirstSentence(string message)
    {
        int quoted = message.LastIndexOf(InvalidLiteral, StringComparison.Ordinal);
        message = quoted < 0 ? message : $"a text without quotes{message[(quoted + 1)..]}";
        int end = message.IndexOf(". ", StringComparison.Ordinal);
        return (end < 0 ? message : message[..end]).TrimEnd('.');
    }
}

/// <summary>What is wrong with a document's bytes.</summary>
internal sealed record JsonFault(long Position, string Reason);

/// <summary>
/// The property names of the objects that a reader is in, to notice one that appears twice. Small objects are compared by their bytes,
/// without an allocation per name; large ones, and those that have a name with an escape, by a set: each name is decoded once.
/// </summary>
/// <param name="json">The text.</param>
/// <param name="names">Room for <see cref="NamesAtFirst"/> names, on the caller's stack.</param>
/// <param name="firsts">
/// Room for the first name of each of <see cref="JsonRules.DepthMax"/> objects, one in the other, on the caller's stack.
/// </param>
internal ref struct PropertyNames(ReadOnlySpan<byte> json, Span<PropertyNames.Name> names, Span<int> firsts)
{
    public const int NamesAtFirst = 48;

    private const int SmallMax = 32;

    private readonly ReadOnlySpan<byte> _json = json;
    private readonly Span<int> _firsts = firsts;
    private Span<Name> _names = names;
    private int _count;
    private int _depth;
    private HashSet<string>?[]? _large;

    public void Enter()
    {
        _firsts[_depth] = _count;
        _large?[_depth] = null;
        _depth++;
    }

    public void Leave() => _count = _firsts[--_depth];

    /// <summary>Adds a name to the object that was entered last; false if it has it already.</summary>
    public bool TryAdd(Name name)
    {
        int first = _firsts[_depth - 1];
        if (_large?[_depth - 1] is { } large)
        {
            return large.Add(Decode(name));
        }

        if (name.IsEscaped || _count - first == SmallMax)
        {
            large = ToSet(first);
            (_large ??= new HashSet<string>?[JsonRules.DepthMax])[_depth - 1] = large;
            return large.Add(Decode(name));
        }

        for (int i = first; i < _count; i++)
        {
            if (BytesOf(_names[i]).SequenceEqual(BytesOf(name)))
            {
                return false;
            }
        }

        Add(name);
        return true;
    }

    private void Add(Name name)
    {
        if (_count == _names.Length)
        {
            var more = new Name[2 * _names.Length];
            _names.CopyTo(more);
            _names = more;
        }

        _names[_count++] = name;
    }

    private readonly HashSet<string> ToSet(int first)
    {
        var set = new HashSet<string>(StringComparer.Ordinal);
        for (int i = first; i < _count; i++)
        {
            set.Add(Decode(_names[i]));
        }

        return set;
    }

    private readonly string Decode(Name name)
    {
        var reader = new Utf8JsonReader(_json.Slice(name.Start - 1, name.Length + 2)); // with its quotes
        reader.Read();
        return reader.GetString()!;
    }

    private readonly ReadOnlySpan<byte> BytesOf(Name name) => _json.Slice(name.Start, name.Length);

    /// <summary>Where a name is.</summary>
    internal readonly record struct Name(int Start, int Length, bool IsEscaped)
    {
        /// <summary>The one at which a reader stands.</summary>
        public static Name At(ref Utf8JsonReader reader) =>
            new((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length, reader.ValueIsEscaped);
    }
}

/// <summary>
/// Writes values as JSON, and refuses text that no UTF-8 stands for: the runtime's writer puts U+FFFD in its place, and what would be
/// stored is not what was given.
/// </summary>
internal static class StrictJson
{
    /// <exception cref="ArgumentException">A text in it has half of a surrogate pair, or bytes that are not UTF-8.</exception>
    public static byte[] Serialize<T>(T value, JsonTypeInfo<T> json)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, OptionsOf(json.Options)))
        {
            JsonSerializer.Serialize(writer, value, json);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>How a document is written that is serialized so.</summary>
    public static JsonWriterOptions OptionsOf(JsonSerializerOptions options) => new()
    {
        Encoder = new StrictTextEncoder(options.Encoder ?? JavaScriptEncoder.Default),
        Indented = options.WriteIndented,
        MaxDepth = JsonRules.DepthMax,
    };
}
