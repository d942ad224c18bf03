using System;
using System.Globalization;
using System.Linq;
using System.Text.Json;

namespace SafeStore.Operations;

/// <summary>A place in a JSON document, as RFC 6901 writes it: "/network/0/name" for instance, "" for the whole.</summary>
public sealed class JsonPointer
{
    private readonly string[] _steps;

    private JsonPointer(string text, string[] steps)
    {
        Text = text;
        _steps = steps;
    }

    /// <summary>The pointer as it was given.</summary>
    public string Text { get; }

    /// <summary>Reads a pointer.</summary>
    /// <param name="text">The pointer.</param>
    /// <exception cref="ArgumentException">It is none.</exception>
    public static JsonPointer Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > 0 && text[0] != '/')
        {
            throw new ArgumentException($"The JSON pointer '{text}' must be empty or begin with '/' (RFC 6901).", nameof(text));
        }

        string[] steps = [.. text.Split('/').Skip(1).Select(step => Unescape(step, text))];
        return new JsonPointer(text, steps);
    }

    /// <summary>Where the value stands in the document; null if the document has none there.</summary>
    /// <param name="json">The document, which must be JSON.</param>
    public Range? Find(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        _ = reader.Read();
        foreach (string step in _steps)
        {
            if (!TryEnter(ref reader, step))
            {
                return null;
            }
        }

        int start = (int)reader.TokenStartIndex;
        reader.Skip();
        return start..(int)reader.BytesConsumed;
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static string Unescape(string step, string text)
    {
        for (int i = step.IndexOf('~', StringComparison.Ordinal); i >= 0; i = step.IndexOf('~', i + 1))
        {
            if (i + 1 >= step.Length || step[i + 1] is not ('0' or '1'))
            {
                throw new ArgumentException(
                    $"In the JSON pointer '{text}' a '~' must be written '~0' and a '/' in a name '~1' (RFC 6901).", nameof(text));
            }
        }

        return step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
    }

    private static bool TryEnter(ref Utf8JsonReader reader, string step) => reader.TokenType switch
    {
        JsonTokenType.StartObject => TryEnterMember(ref reader, step),
        JsonTokenType.StartArray => TryEnterItem(ref reader, step),
        _ => false,
    };

    private static bool TryEnterMember(ref Utf8JsonReader reader, string name)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isWanted = reader.ValueTextEquals(name);
            _ = reader.Read();
            if (isWanted)
            {
                return true;
            }

            reader.Skip();
        }

        return false;
    }

    private static bool TryEnterItem(ref Utf8JsonReader reader, string number)
    {
        bool isIndex = number == "0" || (number.Length > 0 && number[0] is >= '1' and <= '9');
        if (!isIndex || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int index))
        {
            return false;
        }

        for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index--)
        {
            if (index == 0)
            {
                return true;
            }

            reader.Skip();
        }

        return false;
    }
}
