using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>
/// Reads and writes <c>{"Type":kind,"Data":object}</c>. What is not understood becomes a raw object that is written back as it was: one
/// strange entry must not hide the others, and none is dropped.
/// </summary>
internal sealed class EnvelopeConverter<TBase>(
    KindRegistry<TBase> kinds, Func<string, JsonElement, string, TBase> raw, Func<TBase, JsonElement?> rawData) : JsonConverter<TBase>
    where TBase : TypedObject
{
    /// <summary>A null is no entry: neither is one read, nor written for others to stumble over.</summary>
    public override bool HandleNull => true;

    public override TBase Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("An entry of the list must be an object with Type and Data");
        }

        JsonElement envelope = JsonElement.ParseValue(ref reader);
        JsonElement type = default;
        JsonElement data = default;
        Dictionary<string, JsonElement>? unknown = null;
        foreach (JsonProperty member in envelope.EnumerateObject())
        {
            if (IsNamed(member, "Type", type))
            {
                type = member.Value;
            }
            else if (IsNamed(member, "Data", data))
            {
                data = member.Value;
            }
            else if (!(unknown ??= []).TryAdd(member.Name, KeptJsonConverter.Check(member.Value)))
            {
                throw new JsonException($"The member '{member.Name}' appears twice in one entry");
            }
        }

        TBase value = type.ValueKind == JsonValueKind.String ? Read(type.GetString()!, data)
            : throw new JsonException(
            "An entry of the list must have a Type that is a string; a container's list of uses in a sandbox's place has none");
        return unknown is null ? value : value with { EnvelopeUnknown = unknown };
    }

    public override void Write(Utf8JsonWriter writer, TBase value, JsonSerializerOptions options)
    {
        if (value is null)
        {
            throw new JsonException("An entry of the list is null; leave it out");
        }

        writer.WriteStartObject();
        writer.WriteString("Type"u8, value.Kind);
        if (rawData(value) is { } kept)
        {
            if (kept.ValueKind != JsonValueKind.Undefined)
            {
                writer.WritePropertyName("Data"u8);
                kept.WriteTo(writer);
            }
        }
        else
        {
            writer.WritePropertyName("Data"u8);
            WriteData(writer, value);
        }

        foreach ((string name, JsonElement member) in value.EnvelopeUnknown ?? Enumerable.Empty<KeyValuePair<string, JsonElement>>())
        {
            writer.WritePropertyName(name);
            member.WriteTo(writer);
        }

        writer.WriteEndObject();
    }

    private static bool IsNamed(JsonProperty member, string name, JsonElement found)
    {
        bool isNamed = member.Name.Equals(name, StringComparison.OrdinalIgnoreCase);
        return isNamed && found.ValueKind != JsonValueKind.Undefined
            ? throw new JsonException($"The member '{name}' appears twice in one entry") : isNamed;
    }

    private TBase Read(string kind, JsonElement data)
    {
        if (data.ValueKind != JsonValueKind.Object)
        {
            return data.ValueKind == JsonValueKind.Undefined ? raw(kind, data, "it has no Data")
                : Raw(kind, data, "its Data is not an object");
        }

        if (kinds.Find(kind) is not { } entry)
        {
            return Raw(kind, data, "its kind is not known");
        }

        try
        {
            return entry.Read(data) ?? Raw(kind, data, "its Data is null");
        }
        catch (JsonException failure)
        {
            return Raw(kind, data, $"its Data does not fit its kind: {failure.Message}");
        }
    }

    private TBase Raw(string kind, JsonElement data, string reason) => raw(kind, KeptJsonConverter.Check(data), reason);

    private void WriteData(Utf8JsonWriter writer, TBase value)
    {
        if (kinds.Find(value.Kind) is { } entry && entry.Type == value.GetType())
        {
            entry.Write(writer, value);
            return;
        }

        throw new JsonException(
            $"'{value.Kind}' is not registered as the kind of a {value.GetType().Name}; register it in the model's "
            + $"{nameof(KindRegistry<TBase>)}");
    }
}
