using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Xunit;

namespace SafeStore.PropertyTests.Sandboxes.Model;

/// <summary>
/// What became of a document that was read and written back: each member and element that is gone or has another value, and each
/// member that was added with another value than a new record's. Known members may change the case of their names and, where null is
/// not written, their null.
/// </summary>
internal static class Losses
{
    public static void AssertNone(byte[] before, byte[] after, JsonTypeInfo info)
    {
        string[] losses = [.. Between(JsonElement.Parse(before), JsonElement.Parse(after), info, "$")];
        Assert.True(losses.Length == 0, string.Join('\n', losses));
    }

    private static IEnumerable<string> Between(JsonElement before, JsonElement after, JsonTypeInfo info, string path)
    {
        if (IsNull(before) || IsNull(after))
        {
            return IsNull(before) && IsNull(after) ? [] : Changed(before, after, path);
        }

        return info.Kind switch
        {
            JsonTypeInfoKind.Object => Members(before, after, info, path),
            JsonTypeInfoKind.Enumerable => Elements(before, after, info, path),
            JsonTypeInfoKind.Dictionary => Entries(before, after, info, path),
            _ when ModelTypes.IsEnvelope(info.Type) => Envelope(before, after, info.Type, path),
            _ when info.Type == typeof(ReadOnlyMemory<byte>) =>
            before.GetBytesFromBase64().AsSpan().SequenceEqual(after.GetBytesFromBase64()) ? [] : Changed(before, after, path),
            _ => Exactly(before, after, path),
        };
    }

    private static IEnumerable<string> Members(JsonElement before, JsonElement after, JsonTypeInfo record, string path)
    {
        var kept = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty member in before.EnumerateObject())
        {
            JsonPropertyInfo? known = ModelTypes.Find(record, member.Name);
            string name = known?.Name ?? member.Name;
            kept.Add(name);
            if (after.TryGetProperty(name, out JsonElement value))
            {
                foreach (string loss in known is null
                    ? Exactly(member.Value, value, $"{path}.{name}")
                    : Between(member.Value, value, ModelTypes.InfoOf(known.PropertyType), $"{path}.{name}"))
                {
                    yield return loss;
                }
            }
            else if (!(IsNull(member.Value) && known is not null && ModelTypes.IsLeftOutWhenNull(known)))
            {
                yield return $"{path}.{name} is gone: {member.Value.GetRawText()}";
            }
        }

        JsonElement zero = ModelTypes.ZeroOf(record);
        foreach (JsonProperty added in after.EnumerateObject().Where(member => !kept.Contains(member.Name)))
        {
            // An address writes its mask's null only if it has an IP: a member that a new record leaves out may be added as null.
            if (zero.TryGetProperty(added.Name, out JsonElement value) ? !JsonElement.DeepEquals(value, added.Value) : !IsNull(added.Value))
            {
                yield return $"{path}.{added.Name} was added: {added.Value.GetRawText()}";
            }
        }
    }

    private static IEnumerable<string> Elements(JsonElement before, JsonElement after, JsonTypeInfo list, string path) =>
        before.GetArrayLength() != after.GetArrayLength()
            ? Changed(before, after, path)
            : before.EnumerateArray().Zip(after.EnumerateArray())
                .SelectMany((pair, i) => Between(pair.First, pair.Second, ModelTypes.InfoOf(list.ElementType!), $"{path}[{i}]"));

    private static IEnumerable<string> Entries(JsonElement before, JsonElement after, JsonTypeInfo dictionary, string path)
    {
        JsonProperty[] entries = [.. before.EnumerateObject()];
        return entries.Length != after.EnumerateObject().Count()
            ? Changed(before, after, path)
            : entries.SelectMany(entry =>
            {
                string key = dictionary.KeyType == typeof(string) ? entry.Name
                    : long.Parse(entry.Name, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
                return after.TryGetProperty(key, out JsonElement value)
                    ? Between(entry.Value, value, ModelTypes.InfoOf(dictionary.ElementType!), $"{path}.{key}")
                    : [$"{path}.{key} is gone: {entry.Value.GetRawText()}"];
            });
    }

    private static IEnumerable<string> Envelope(JsonElement before, JsonElement after, Type type, string path)
    {
        string kind = after.GetProperty("Type").GetString()!;
        var kept = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty member in before.EnumerateObject())
        {
            string name = new[] { "Type", "Data" }.FirstOrDefault(known => known.Equals(member.Name, StringComparison.OrdinalIgnoreCase))
                ?? member.Name;
            kept.Add(name);
            if (!after.TryGetProperty(name, out JsonElement value))
            {
                yield return $"{path}.{name} is gone: {member.Value.GetRawText()}";
            }
            else if (!JsonElement.DeepEquals(member.Value, value))
            {
                IEnumerable<string> losses = name == "Data" && ModelTypes.DataOf(type, kind) is { } data
                    && member.Value.ValueKind == JsonValueKind.Object
                    ? Members(member.Value, value, data, $"{path}.Data")
                    : Changed(member.Value, value, $"{path}.{name}");
                foreach (string loss in losses)
                {
                    yield return loss;
                }
            }
        }

        foreach (JsonProperty added in after.EnumerateObject().Where(member => !kept.Contains(member.Name)))
        {
            yield return $"{path}.{added.Name} was added: {added.Value.GetRawText()}";
        }
    }

    private static string[] Exactly(JsonElement before, JsonElement after, string path) =>
        JsonElement.DeepEquals(before, after) ? [] : Changed(before, after, path);

    private static string[] Changed(JsonElement before, JsonElement after, string path) =>
        [$"{path} was {before.GetRawText()} and is {after.GetRawText()}"];

    private static bool IsNull(JsonElement element) => element.ValueKind == JsonValueKind.Null;
}
