using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SafeStore.Sandboxes;

namespace SafeStore.PropertyTests.Sandboxes.Model;

/// <summary>How often what happens to a generated value, in percent.</summary>
internal sealed record Dose(int Missing, int Null, int Unknown, int OtherCase)
{
    /// <summary>Everything is there, and each kind of a list of kinds.</summary>
    public static Dose Complete { get; } = new(0, 0, 0, 0);
}

/// <summary>
/// Generates JSON that a type of the model can be read from, by walking the type's own metadata: a new record or member is generated
/// without a word here. Notes which members it has given a value.
/// </summary>
internal sealed class StoredJson(Random random, Dose dose, JsonValue[] anything, ISet<(Type Record, string Member)> reached)
{
    private static readonly Dictionary<Type, (decimal Min, decimal Max)> s_integers = new()
    {
        [typeof(byte)] = (byte.MinValue, byte.MaxValue),
        [typeof(ushort)] = (ushort.MinValue, ushort.MaxValue),
        [typeof(int)] = (int.MinValue, int.MaxValue),
        [typeof(uint)] = (uint.MinValue, uint.MaxValue),
        [typeof(long)] = (long.MinValue, long.MaxValue),
        [typeof(ulong)] = (ulong.MinValue, ulong.MaxValue),
    };

    private static readonly decimal[] s_edges =
        [0, 1, -1, 10, 255, 256, 65535, int.MaxValue, 1L << 53, (1L << 53) + 1, -(1L << 53) - 1, long.MaxValue - 1];
    private static readonly string[] s_zones = ["Z", "+00:00", "-00:00", "+02:00", "-09:30", "+05:45", "+23:59", "-14:00"];
    private static readonly string[] s_texts =
        ["", " ", "ready", "/var/lib/x", "\"quoted\" \\ /", "<&>'+", "\b\f\n\r\t", "\0\u001f\u007f\u0080", "\u2028\u2029",
        "\ufeff\ufffd\uffff", "café e\u0301", "😀\U0010ffff", "\\u003c \\ud800"];

    private long _intents;

    public JsonValue Of(JsonTypeInfo info) => info.Kind switch
    {
        JsonTypeInfoKind.Object => Record(info, []),
        JsonTypeInfoKind.Enumerable => List(info),
        JsonTypeInfoKind.Dictionary => Dictionary(info),
        _ when ModelTypes.IsEnvelope(info.Type) => Envelope(info.Type, Pick([.. ModelTypes.KindsOf(info.Type)])),
        _ => Simple(info.Type),
    };

    private JsonValue.Map Record(JsonTypeInfo info, string[] alsoTaken)
    {
        var members = new List<JsonValue.Property>();
        foreach (JsonPropertyInfo member in ModelTypes.MembersOf(info)
            .Where(member => IsNumber(info.Type, member) || !Happens(dose.Missing)))
        {
            if (IsNumber(info.Type, member))
            {
                reached.Add((info.Type, member.Name));
                members.Add(Property(member.Name, new JsonValue.Literal((++_intents).ToString(CultureInfo.InvariantCulture))));
                continue;
            }

            if (member.IsSetNullable && Happens(dose.Null))
            {
                members.Add(Property(member.Name, new JsonValue.Literal("null")));
                continue;
            }

            reached.Add((info.Type, member.Name));
            members.Add(Property(member.Name, Of(ModelTypes.InfoOf(member.PropertyType))));
        }

        AddUnknown(members, [.. ModelTypes.NamesInCode(info.Type)],
            [.. ModelTypes.MembersOf(info).Select(static member => member.Name), .. alsoTaken]);
        return Shuffled(members);
    }

    /// <summary>Intents are told apart by their numbers; a record in which they are not is refused.</summary>
    private static bool IsNumber(Type record, JsonPropertyInfo member) =>
        (record == typeof(Intent) && member.Name == nameof(Intent.Number))
            || (record == typeof(IntentDocument) && member.Name == nameof(IntentDocument.Next));

    /// <summary>A kind that is not known, or data that is not of its kind, stays what it is.</summary>
    private JsonValue.Map Envelope(Type type, string kind)
    {
        bool isStrange = Happens(dose.Unknown);
        string name = isStrange ? Text() + "?" : kind;
        List<JsonValue.Property> members = [Property("Type", new JsonValue.Literal(Quote(name)))];
        if (!isStrange)
        {
            members.Add(Property("Data", Happens(dose.Null) ? Pick(anything) : Record(ModelTypes.DataOf(type, kind)!, [])));
        }
        else if (!Happens(dose.Missing))
        {
            members.Add(Property("Data", Pick(anything)));
        }

        AddUnknown(members, ["Kind", "EnvelopeUnknown"], ["Type", "Data"]);
        return Shuffled(members);
    }

    private JsonValue.Items List(JsonTypeInfo info)
    {
        JsonTypeInfo element = ModelTypes.InfoOf(info.ElementType!);
        if (dose == Dose.Complete && ModelTypes.IsEnvelope(element.Type))
        {
            return new JsonValue.Items([.. ModelTypes.KindsOf(element.Type).Select(kind => Envelope(element.Type, kind))]);
        }

        bool mayBeNull = element.Type != typeof(Intent) && !element.Type.IsValueType && !ModelTypes.IsEnvelope(element.Type);
        return new JsonValue.Items(
            [.. Enumerable.Range(0, Count())
            .Select(_ => mayBeNull && Happens(dose.Null / 2) ? new JsonValue.Literal("null") : Of(element))]);
    }

    private JsonValue.Map Dictionary(JsonTypeInfo info)
    {
        IEnumerable<string> keys =
            Enumerable.Range(0, Count()).Select(_ => info.KeyType == typeof(string) ? Text() : Integer(s_integers[info.KeyType!]))
            .Distinct(StringComparer.Ordinal);
        return new JsonValue.Map(
            [.. keys.Select(key => new JsonValue.Property(key, Quote(key), Of(ModelTypes.InfoOf(info.ElementType!))))]);
    }

    private JsonValue Simple(Type type)
    {
        if (type == typeof(JsonElement))
        {
            return Pick(anything);
        }

        string json = type switch
        {
            _ when type == typeof(string) => Quote(Text()),
            _ when type == typeof(bool) => Happens(50) ? "true" : "false",
            _ when type == typeof(ReadOnlyMemory<byte>) => $"\"{Convert.ToBase64String(Bytes())}\"",
            _ when type == typeof(Timestamp) => $"\"{Time()}\"",
            _ when type == typeof(DateTimeOffset) => $"\"{AnyTime():yyyy-MM-dd'T'HH:mm:sszzz}\"",
            _ when s_integers.TryGetValue(type.IsEnum ? type.GetEnumUnderlyingType() : type, out (decimal, decimal) range) =>
            Integer(range),
            _ => throw new NotSupportedException($"Nothing says how to generate a {type}; say it here"),
        };
        return new JsonValue.Literal(json);
    }

    private void AddUnknown(List<JsonValue.Property> members, string[] tempting, string[] taken)
    {
        while (Happens(dose.Unknown))
        {
            string name = Happens(50) && tempting.Length > 0 ? Pick(tempting)
                : Pick(["$type", "$id", "$ref", "", "newer", "Newer", "x" + taken.FirstOrDefault(), Text()]);
            if (!taken.Contains(name, StringComparer.OrdinalIgnoreCase) && members.TrueForAll(member => member.Name != name))
            {
                members.Add(new JsonValue.Property(name, Quote(name), Pick(anything)));
            }
        }
    }

    private JsonValue.Map Shuffled(List<JsonValue.Property> members)
    {
        JsonValue.Property[] shuffled = [.. members];
        if (dose != Dose.Complete)
        {
            random.Shuffle(shuffled);
        }

        return new JsonValue.Map(shuffled);
    }

    private JsonValue.Property Property(string name, JsonValue value)
    {
        string written = Happens(dose.OtherCase) ? Names.InOtherCase(name, random) : name;
        return new JsonValue.Property(written, Quote(written), value);
    }

    private string Text()
    {
        var text = new StringBuilder();
        for (int parts = random.Next(4); parts > 0; parts--)
        {
            text.Append(Happens(60) ? Pick(s_texts)
                : new Rune(Happens(50) ? random.Next(0, 0x3000) : random.Next(0xe000, 0x10ffff)).ToString());
        }

        return text.ToString();
    }

    private string Time()
    {
        string time = AnyTime().ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        string digits = string.Concat(Enumerable.Range(0, random.Next(10)).Select(_ => (char)('0' + random.Next(10))));
        return time + (digits.Length == 0 ? "" : ".") + digits + Pick(s_zones);
    }

    private DateTimeOffset AnyTime() => DateTimeOffset.MinValue.AddTicks(random.NextInt64(DateTimeOffset.MaxValue.Ticks));

    private string Integer((decimal Min, decimal Max) range)
    {
        decimal value = random.Next(4) switch
        {
            0 => range.Min,
            1 => range.Max,
            2 => Pick(s_edges),
            _ => random.NextInt64(),
        };
        return Math.Clamp(value, range.Min, range.Max).ToString(CultureInfo.InvariantCulture);
    }

    private byte[] Bytes()
    {
        byte[] bytes = new byte[random.Next(9)];
        random.NextBytes(bytes);
        return bytes;
    }

    private int Count() => dose == Dose.Complete ? 2 : random.Next(4);

    private string Quote(string text) => JsonValue.Quote(text, Happens(30) ? random.Next(0x10000) : 0);

    private bool Happens(int percent) => random.Next(100) < percent;

    private T Pick<T>(IReadOnlyList<T> items) => items[random.Next(items.Count)];
}
