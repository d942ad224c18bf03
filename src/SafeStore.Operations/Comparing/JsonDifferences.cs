using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;

namespace SafeStore.Operations;

/// <summary>A place at which two JSON values differ.</summary>
/// <param name="Place">The place, as RFC 6901 writes it; "" for the whole.</param>
/// <param name="Left">What the left one has there; null if nothing.</param>
/// <param name="Right">What the right one has there; null if nothing.</param>
public sealed record ValueDifference(string Place, JsonElement? Left, JsonElement? Right);

/// <summary>
/// Compares JSON by value: white space, the order of members, escapes in text and the way a number is written do not count; the order of an
/// array's items does.
/// </summary>
public static class JsonDifferences
{
    /// <summary>The places at which two values differ, in the left one's order; none if they are the same.</summary>
    /// <param name="left">One value.</param>
    /// <param name="right">The other.</param>
    /// <exception cref="InvalidOperationException">A text in one has an escape that stands for no character.</exception>
    public static IReadOnlyList<ValueDifference> Between(JsonElement left, JsonElement right)
    {
        var found = new List<ValueDifference>();
        Compare("", left, right, found);
        return found;
    }

    private static void Compare(string pointer, JsonElement left, JsonElement right, List<ValueDifference> found)
    {
        switch (left.ValueKind, right.ValueKind)
        {
            case (JsonValueKind.Object, JsonValueKind.Object):
                CompareMembers(pointer, left, right, found);
                break;
            case (JsonValueKind.Array, JsonValueKind.Array):
                CompareItems(pointer, left, right, found);
                break;
            default:
                if (!AreSame(left, right))
                {
                    found.Add(new ValueDifference(pointer, left, right));
                }

                break;
        }
    }

    private static bool AreSame(JsonElement left, JsonElement right)
    {
        try
        {
            return JsonElement.DeepEquals(left, right);
        }
        catch (ArgumentOutOfRangeException)
        {
            return left.GetRawText() == right.GetRawText(); // numbers with exponents that no integer holds
        }
    }

    private static void CompareMembers(string pointer, JsonElement left, JsonElement right, List<ValueDifference> found)
    {
        Dictionary<string, JsonElement> others = MembersOf(right);
        foreach ((string name, JsonElement value) in MembersOf(left))
        {
            string place = $"{pointer}/{Escaped(name)}";
            if (others.Remove(name, out JsonElement other))
            {
                Compare(place, value, other, found);
            }
            else
            {
                found.Add(new ValueDifference(place, value, null));
            }
        }

        found.AddRange(others.Select(each => new ValueDifference($"{pointer}/{Escaped(each.Key)}", null, each.Value)));
    }

    private static void CompareItems(string pointer, JsonElement left, JsonElement right, List<ValueDifference> found)
    {
        JsonElement[] items = [.. left.EnumerateArray()];
        JsonElement[] others = [.. right.EnumerateArray()];
        for (int i = 0; i < Math.Max(items.Length, others.Length); i++)
        {
            string place = string.Create(CultureInfo.InvariantCulture, $"{pointer}/{i}");
            if (i < items.Length && i < others.Length)
            {
                Compare(place, items[i], others[i], found);
            }
            else
            {
                found.Add(new ValueDifference(
                    place, i < items.Length ? items[i] : null, i < others.Length ? others[i] : null));
            }
        }
    }

    /// <summary>In their order. Of a name that is there twice the last counts, as for most readers.</summary>
    private static Dictionary<string, JsonElement> MembersOf(JsonElement value)
    {
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (JsonProperty member in value.EnumerateObject())
        {
            members[member.Name] = member.Value;
        }

        return members;
    }

    private static string Escaped(string name) =>
        name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
