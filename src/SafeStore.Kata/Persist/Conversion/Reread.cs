using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>
/// Converts by writing a record and reading it as the seed's: what both have under one name is taken over, and whatever else there is
/// lands in <see cref="StoredObject.Unknown"/>, so that a member that this code does not know is not lost.
/// </summary>
internal static class Reread
{
    /// <summary>Reads a record as another.</summary>
    /// <param name="record">The record. Parts that the result has under one name but in another shape must be empty in it.</param>
    /// <param name="taken">Names of members that the caller converts itself; they do not become unknown ones.</param>
    public static TTo As<TFrom, TTo>(TFrom record, params ReadOnlySpan<string> taken)
        where TFrom : StoredObject
        where TTo : StoredObject
    {
        TTo to = Read<TFrom, TTo>(record);
        foreach (string name in taken)
        {
            to.Unknown?.Remove(name);
        }

        return to.Unknown is { Count: 0 } ? to with { Unknown = null } : to;
    }

    /// <summary>Converts every entry; one that is null is an empty one, as in Go.</summary>
    public static IReadOnlyList<TTo>? Each<TFrom, TTo>(IReadOnlyList<TFrom>? list, Func<TFrom, TTo> convert)
        where TFrom : StoredObject, new() => list?.Select(entry => convert(entry ?? new TFrom())).ToArray();

    /// <summary>The unknown members of two parts of one object; where both have a name, the first has it.</summary>
    public static IDictionary<string, JsonElement>? Merge(IDictionary<string, JsonElement>? first, IDictionary<string, JsonElement>? second)
    {
        if (first is null || second is null)
        {
            return first ?? second;
        }

        var merged = new Dictionary<string, JsonElement>(first, StringComparer.OrdinalIgnoreCase);
        foreach ((string name, JsonElement value) in second)
        {
            merged.TryAdd(name, value);
        }

        return merged;
    }

    public static JsonElement ToJson<T>(T value) => JsonSerializer.SerializeToElement(value, PersistDocuments.Json.InfoOf<T>());

    private static TTo Read<TFrom, TTo>(TFrom record)
        where TFrom : StoredObject
    {
        try
        {
            return ToJson(record).Deserialize(PersistDocuments.Json.InfoOf<TTo>())!;
        }
        catch (JsonException)
        {
            // An unknown member has a name of the seed's and another shape. What both records know is alike, so without that one it can be
            // read.
            return ToJson(record with { Unknown = WithoutNamesOf<TTo>(record.Unknown) }).Deserialize(PersistDocuments.Json.InfoOf<TTo>())!;
        }
    }

    private static Dictionary<string, JsonElement>? WithoutNamesOf<TTo>(IDictionary<string, JsonElement>? unknown) => unknown?
        .Where(static member => !PersistDocuments.Json.InfoOf<TTo>()
            .Properties.Any(property => property.Name.Equals(member.Key, StringComparison.OrdinalIgnoreCase)))
        .ToDictionary(StringComparer.Ordinal);
}
