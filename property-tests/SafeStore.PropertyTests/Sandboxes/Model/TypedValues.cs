using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SafeStore.Sandboxes;
using Xunit;

namespace SafeStore.PropertyTests.Sandboxes.Model;

/// <summary>
/// Checks that an object of the model is what its JSON says: each member, element and entry, and what is unknown kept apart.
/// </summary>
internal static class TypedValues
{
    public static void Agree(JsonElement json, object? value, JsonTypeInfo info)
    {
        if (value is null || (json.ValueKind == JsonValueKind.Null && info.Type != typeof(JsonElement)))
        {
            Assert.Null(value);
            Assert.Equal(JsonValueKind.Null, json.ValueKind);
            return;
        }

        switch (info.Kind)
        {
            case JsonTypeInfoKind.Object:
                AgreeMembers(json, (StoredObject)value, info);
                break;
            case JsonTypeInfoKind.Enumerable:
                object?[] elements = [.. ((IEnumerable)value).Cast<object?>()];
                Assert.Equal(json.GetArrayLength(), elements.Length);
                Assert.All(elements, (element, i) => Agree(json[i], element, ModelTypes.InfoOf(info.ElementType!)));
                break;
            case JsonTypeInfoKind.Dictionary:
                var entries = (IDictionary)value;
                Assert.Equal(json.EnumerateObject().Count(), entries.Count);
                Assert.All(json.EnumerateObject(),
                    entry => Agree(
                    entry.Value, entries[Convert.ChangeType(entry.Name, info.KeyType!, CultureInfo.InvariantCulture)],
                    ModelTypes.InfoOf(info.ElementType!)));
                break;
            default:
                AgreeSimply(json, value, info);
                break;
        }
    }

    private static void AgreeMembers(JsonElement json, StoredObject value, JsonTypeInfo info)
    {
        int unknown = 0;
        foreach (JsonProperty member in json.EnumerateObject())
        {
            if (ModelTypes.Find(info, member.Name) is { } known)
            {
                Agree(member.Value, known.Get!(value), ModelTypes.InfoOf(known.PropertyType));
            }
            else
            {
                unknown++;
                Assert.True(JsonElement.DeepEquals(member.Value, value.Unknown![member.Name]));
            }
        }

        Assert.Equal(unknown, value.Unknown?.Count ?? 0);
    }

    private static void AgreeSimply(JsonElement json, object value, JsonTypeInfo info)
    {
        switch (value)
        {
            case string text:
                Assert.Equal(json.GetString(), text);
                break;
            case bool truth:
                Assert.Equal(json.GetBoolean(), truth);
                break;
            case ReadOnlyMemory<byte> bytes:
                Assert.Equal(json.GetBytesFromBase64(), bytes.ToArray());
                break;
            case Timestamp time:
                Assert.Equal(json.GetString(), time.ToString());
                break;
            case DateTimeOffset time:
                Assert.Equal(json.GetDateTimeOffset(), time);
                break;
            case JsonElement any:
                Assert.True(JsonElement.DeepEquals(json, any));
                break;
            case TypedObject typed:
                AgreeInEnvelope(json, typed, info.Type);
                break;
            default:
                Assert.Equal(json.GetDecimal(), Convert.ToDecimal(value, CultureInfo.InvariantCulture));
                break;
        }
    }

    private static void AgreeInEnvelope(JsonElement json, TypedObject typed, Type envelope)
    {
        Dictionary<string, JsonElement> members =
            json.EnumerateObject()
            .ToDictionary(
            static member =>
            member.Name.ToUpperInvariant() is "TYPE" or "DATA" ? member.Name.ToUpperInvariant() : member.Name, static member =>
            member.Value);
        Assert.Equal(members["TYPE"].GetString(), typed.Kind);
        members.Remove("DATA", out JsonElement data);
        if (ModelTypes.DataOf(envelope, typed.Kind) is { } info && data.ValueKind == JsonValueKind.Object && typed.GetType() == info.Type)
        {
            Agree(data, typed, info);
        }
        else
        {
            JsonElement? kept = (typed as RawDevice)?.Data ?? (typed as RawEndpoint)?.Data;
            Assert.Equal(data.ValueKind, kept?.ValueKind);
            Assert.True(data.ValueKind == JsonValueKind.Undefined || JsonElement.DeepEquals(data, kept!.Value));
        }

        members.Remove("TYPE");
        Assert.Equal(members.Count, typed.EnvelopeUnknown?.Count ?? 0);
        Assert.All(members, member => Assert.True(JsonElement.DeepEquals(member.Value, typed.EnvelopeUnknown![member.Key])));
    }
}
