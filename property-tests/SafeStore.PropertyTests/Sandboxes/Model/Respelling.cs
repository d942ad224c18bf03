using System;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace SafeStore.PropertyTests.Sandboxes.Model;

/// <summary>
/// The same document as another program might have written it: members in another order, their names in another ASCII case where the
/// model has them, names escaped, blanks between all. Numbers and texts stay as they are.
/// </summary>
internal sealed class Respelling(Random random)
{
    private static readonly string[] s_blanks = ["", "", "", " ", "\n", "\t", "\r\n  "];

    private readonly StringBuilder _text = new();

    public string Of(JsonElement json, JsonTypeInfo type)
    {
        Value(json, type);
        return Blank() + _text + Blank();
    }

    private void Value(JsonElement json, JsonTypeInfo? type)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                Members(json, type);
                break;
            case JsonValueKind.Array:
                JsonTypeInfo? element = type?.ElementType is { } known ? ModelTypes.InfoOf(known) : null;
                Sequence('[', ']', [.. json.EnumerateArray().Select<JsonElement, Action>(item => () => Value(item, element))]);
                break;
            default:
                _text.Append(json.GetRawText());
                break;
        }
    }

    private void Members(JsonElement json, JsonTypeInfo? type)
    {
        JsonProperty[] members = [.. json.EnumerateObject()];
        random.Shuffle(members);
        JsonTypeInfo? data = type is not null && ModelTypes.IsEnvelope(type.Type)
            ? ModelTypes.DataOf(type.Type, json.GetProperty("Type").GetString()!) : null;
        Sequence('{', '}', [.. members.Select<JsonProperty, Action>(member => () =>
        {
            (bool isKnown, JsonTypeInfo? inner) = MemberOf(type, data, member.Name);
            string name = isKnown ? Names.InOtherCase(member.Name, random) : member.Name;
            _text.Append(JsonValue.Quote(name, random.Next(3) == 0 ? random.Next(0x10000) : 0)).Append(Blank()).Append(':').Append(Blank());
            Value(member.Value, inner);
        })]);
    }

    private static (bool IsKnown, JsonTypeInfo? Inner) MemberOf(JsonTypeInfo? type, JsonTypeInfo? data, string name) => type?.Kind switch
    {
        null => (false, null),
        JsonTypeInfoKind.Object =>
        ModelTypes.Find(type, name) is { } member ? (true, ModelTypes.InfoOf(member.PropertyType)) : (false, null),
        JsonTypeInfoKind.Dictionary => (false, ModelTypes.InfoOf(type.ElementType!)),
        _ when ModelTypes.IsEnvelope(type.Type) => (name is "Type" or "Data", name == "Data" ? data : null),
        _ => (false, null),
    };

    private void Sequence(char open, char close, Action[] items)
    {
        _text.Append(open).Append(Blank());
        for (int i = 0; i < items.Length; i++)
        {
            _text.Append(i > 0 ? "," : "").Append(Blank());
            items[i]();
            _text.Append(Blank());
        }

        _text.Append(close);
    }

    private string Blank() => s_blanks[random.Next(s_blanks.Length)];
}
