using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;

namespace SafeStore.Kata;

/// <summary>How a JSON value differs from another.</summary>
public enum JsonDifferenceKind
{
    /// <summary>It is there only afterwards: a member that the file lacks, with the value that reading gave it.</summary>
    Added,

    /// <summary>It has another value.</summary>
    Changed,

    /// <summary>It is there no more.</summary>
    Lost,

    /// <summary>It has the spelling of its type: members are read whatever their case.</summary>
    Renamed,
}

/// <summary>The first difference between a document and what would be written back.</summary>
/// <param name="Path">Where: a JSON path, <c>$.Volumes[2].HostPath</c> for instance.</param>
/// <param name="Kind">How.</param>
/// <param name="Detail">The short value, or the other name; null if there is none to show.</param>
public sealed record JsonDifference(string Path, JsonDifferenceKind Kind, string? Detail)
{
    private const int CharactersShown = 40;

    /// <summary>Says it in words: "$.pid is added with 0".</summary>
    public override string ToString() => Kind switch
    {
        JsonDifferenceKind.Added => $"{Path} is added with {Detail}",
        JsonDifferenceKind.Changed => $"{Path} becomes {Detail}",
        JsonDifferenceKind.Renamed => $"{Path} is written as '{Detail}'",
        _ => $"{Path} is lost",
    };

    /// <summary>The first difference in the order of the document; null if both have the same value.</summary>
    internal static JsonDifference? Find(JsonElement before, JsonElement after) =>
        JsonElement.DeepEquals(before, after) ? null : Find(before, after, "$");

    private static JsonDifference? Find(JsonElement before, JsonElement after, string path) => (before.ValueKind, after.ValueKind) switch
    {
        (JsonValueKind.Object, JsonValueKind.Object) => FindInObject(before, after, path),
        (JsonValueKind.Array, JsonValueKind.Array) => FindInArray(before, after, path),
        _ => JsonElement.DeepEquals(before, after) ? null : new JsonDifference(path, JsonDifferenceKind.Changed, Shown(after)),
    };

    private static JsonDifference? FindInObject(JsonElement before, JsonElement after, string path)
    {
        Dictionary<string, JsonElement> left = MembersOf(before);
        Dictionary<string, JsonElement> right = MembersOf(after);
        foreach ((string name, JsonElement member) in left)
        {
            string place = path + Step(name);
            if (!right.TryGetValue(name, out JsonElement value))
            {
                return right.Keys.FirstOrDefault(
                    other => other.Equals(name, StringComparison.OrdinalIgnoreCase) && !left.ContainsKey(other)) is { } spelling
                    ? new JsonDifference(place, JsonDifferenceKind.Renamed, spelling)
                    : new JsonDifference(place, JsonDifferenceKind.Lost, null);
            }

            if (Find(member, value, place) is { } difference)
            {
                return difference;
            }
        }

        foreach ((string name, JsonElement member) in right)
        {
            if (!left.ContainsKey(name))
            {
                return new JsonDifference(path + Step(name), JsonDifferenceKind.Added, Shown(member));
            }
        }

        return null;
    }

    /// <summary>The members by name, in the order of the text; a JSON element looks for each from the end.</summary>
    private static Dictionary<string, JsonElement> MembersOf(JsonElement json) =>
        json.EnumerateObject().ToDictionary(static member => member.Name, static member => member.Value, StringComparer.Ordinal);

    private static JsonDifference? FindInArray(JsonElement before, JsonElement after, string path)
    {
        int common = Math.Min(before.GetArrayLength(), after.GetArrayLength());
        foreach (((JsonElement left, JsonElement right), int index) in before.EnumerateArray().Zip(after.EnumerateArray())
            .Select(static (pair, index) => (pair, index)))
        {
            if (Find(left, right, path + Step(index)) is { } difference)
            {
                return difference;
            }
        }

        return before.GetArrayLength() > common ? new JsonDifference(path + Step(common), JsonDifferenceKind.Lost, null)
            : after.GetArrayLength() > common ? new JsonDifference(path + Step(common), JsonDifferenceKind.Added, Shown(after[common]))
            : null;
    }

    private static string Step(int index) => $"[{index.ToString(CultureInfo.InvariantCulture)}]";

    private static string Step(string name) =>
        name.Length > 0 && name.All(static character => char.IsAsciiLetterOrDigit(character) || character == '_') ? $".{name}"
            : $"['{name}']";

    private static string Shown(JsonElement value)
    {
        string text = value.GetRawText();
        return text.Length <= CharactersShown ? text : string.Concat(text.AsSpan(0, CharactersShown), "...");
    }
}
