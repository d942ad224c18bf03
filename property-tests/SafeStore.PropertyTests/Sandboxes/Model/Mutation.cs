using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;

namespace SafeStore.PropertyTests.Sandboxes.Model;

/// <summary>Damage to a document: to its bytes, as disks and editors do it, and to its values, as other programs do.</summary>
internal sealed class Mutation(Random random, byte[] document, byte[] other)
{
    private static readonly string[] s_snippets =
        ["null", "true", "0", "-1", "1.0", "1e3", "18446744073709551616", "-9223372036854775809", "1e400", "\"\"", "\"x\"", "\"\\ud800\"",
            "\"\\u0000\"", "[]", "{}", "[null]", "{\"a\":1,\"a\":2}", "{\"Type\":\"tap\"}", "\"AAB=\"", "{\"01\":\"\"}"];

    private static readonly string[] s_bytes =
        ["{", "}", "[", "]", ",", ":", "\"", "\\", "\0", " ", "\n", "\ufeff", "é", "/*x*/", "1", "e", "-", "null,"];

    public byte[] Apply()
    {
        byte[] mutated = document;
        for (int times = random.Next(1, 3); times > 0; times--)
        {
            mutated = random.Next(4) == 0 ? OfBytes(mutated) : OfValues(mutated);
        }

        return mutated;
    }

    private byte[] OfBytes(byte[] bytes)
    {
        int start = random.Next(bytes.Length + 1);
        int end = Math.Min(bytes.Length, start + random.Next(1, 20));
        switch (random.Next(9))
        {
            case 0:
                return [.. bytes.Select((value, i) => i == start ? (byte)(value ^ (1 << random.Next(8))) : value)];
            case 1:
                return [.. bytes[..start], .. bytes[end..]];
            case 2:
                return [.. bytes[..start], .. Pick(s_bytes), .. bytes[start..]];
            case 3:
                return [.. bytes[..end], .. bytes[start..]];
            case 4:
                return bytes[..start];
            case 5:
                return [.. bytes[..start], .. new byte[end - start], .. bytes[end..]];
            case 6:
                return [.. bytes[..start], .. other[Math.Min(start, other.Length)..]];
            case 7:
                return [.. bytes[..start], .. other[random.Next(other.Length + 1)..]];
            default:
                return random.Next(8) switch
                {
                    0 => new byte[bytes.Length],
                    1 => [.. bytes, .. Enumerable.Repeat((byte)' ', 64 * 1024)],
                    2 => Encoding.UTF8.GetBytes(Encoding.Latin1.GetString(bytes)),
                    _ => [.. bytes, .. Pick(s_bytes)],
                };
        }
    }

    private byte[] OfValues(byte[] json)
    {
        if (Spans(json) is not { Values.Count: > 0 } spans)
        {
            return OfBytes(json);
        }

        Range value = spans.Values[random.Next(spans.Values.Count)];
        Range? member = spans.Members.Count > 0 ? spans.Members[random.Next(spans.Members.Count)] : null;
        return (random.Next(5), member) switch
        {
            (0, { } some) => [.. json[..some.Start], .. json[some], (byte)',', .. Respelled(json[some]), .. json[some.End..]],
            (1, { } some) => [.. json[..some.Start], .. "\"newer\":1"u8, .. json[some.End..]],
            (2, { } some) => [.. json[..some.Start], .. "\"newer\":"u8, .. Pick(s_snippets), (byte)',', .. json[some.Start..]],
            (3, _) => [.. json[..value.Start], .. json[spans.Values[random.Next(spans.Values.Count)]], .. json[value.End..]],
            _ => [.. json[..value.Start], .. Pick(s_snippets), .. json[value.End..]],
        };
    }

    private byte[] Respelled(byte[] member) =>
        random.Next(2) == 0 ? member : Encoding.UTF8.GetBytes(Names.InOtherCase(Encoding.UTF8.GetString(member), random));

    /// <summary>Where values and members (name and value) begin and end; null if it is not JSON.</summary>
    private static (List<Range> Values, List<Range> Members)? Spans(byte[] json)
    {
        var values = new List<Range>();
        var members = new List<Range>();
        var open = new Stack<int>();
        var names = new Stack<int>();
        var reader = new Utf8JsonReader(json);
        try
        {
            while (reader.Read())
            {
                int start = (int)reader.TokenStartIndex;
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        names.Push(start);
                        continue;
                    case JsonTokenType.StartObject or JsonTokenType.StartArray:
                        open.Push(start);
                        names.Push(-1);
                        continue;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        start = open.Pop();
                        names.Pop();
                        break;
                    default:
                        break;
                }

                int end = (int)reader.BytesConsumed;
                values.Add(start..end);
                if (names.TryPeek(out int name) && name >= 0)
                {
                    members.Add(names.Pop()..end);
                }
            }
        }
        catch (JsonException)
        {
            return null;
        }

        return (values, members);
    }

    private byte[] Pick(string[] texts) => Encoding.UTF8.GetBytes(texts[random.Next(texts.Length)]);
}
