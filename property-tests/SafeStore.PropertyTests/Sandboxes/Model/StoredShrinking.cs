using System.Collections.Generic;
using System.Linq;

namespace SafeStore.PropertyTests.Sandboxes.Model;

/// <summary>The same JSON with less in it; an envelope keeps its type.</summary>
internal static class StoredShrinking
{
    public static IEnumerable<JsonValue> Shrink(JsonValue json) => json switch
    {
        JsonValue.Map map =>
            Laws.DropChunks(map.Properties).Where(rest => HasType(rest) || !HasType(map.Properties))
            .Select(static rest => (JsonValue)new JsonValue.Map(rest))
            .Concat(map.Properties.SelectMany(
                (property, i) =>
                Shrink(property.Value)
                .Select(smaller => (JsonValue)new JsonValue.Map(
                [.. map.Properties[..i], property with { Value = smaller }, .. map.Properties[(i + 1)..]])))),
        JsonValue.Items items => Laws.DropChunks(items.Values).Select(static rest => (JsonValue)new JsonValue.Items(rest))
            .Concat(items.Values.SelectMany(
                (value, i) =>
                Shrink(value)
                .Select(smaller => (JsonValue)new JsonValue.Items([.. items.Values[..i], smaller, .. items.Values[(i + 1)..]])))),
        _ => [],
    };

    private static bool HasType(JsonValue.Property[] properties) =>
        properties.Any(static property => property.Name.ToUpperInvariant() is "TYPE");
}
