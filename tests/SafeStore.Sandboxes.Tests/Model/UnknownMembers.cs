using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace SafeStore.Sandboxes.Tests.Model;

/// <summary>Finds the members of a file that no property of its type has: those that the extension data took.</summary>
internal static class UnknownMembers
{
    public static IReadOnlyList<string> Of<T>(DocumentKind<T> kind, byte[] json)
    {
        T value = JsonSerializer.Deserialize(json, kind.Json)!;
        var unknown = new List<string>();
        Collect(value, kind.Json, string.Empty, unknown);
        return unknown;
    }

    private static void Collect(object? value, JsonTypeInfo type, string path, List<string> unknown)
    {
        switch (value)
        {
            case StoredObject stored:
                unknown.AddRange((stored.Unknown?.Keys ?? []).Select(name => $"{path}/{name}"));
                foreach (JsonPropertyInfo member in type.Properties.Where(
                    static member => !member.IsExtensionData && member.Get is not null))
                {
                    Collect(member.Get!(stored), type.Options.GetTypeInfo(member.PropertyType), $"{path}/{member.Name}", unknown);
                }

                break;
            case System.Collections.IEnumerable items when type.Kind == JsonTypeInfoKind.Enumerable:
                foreach (object? item in items)
                {
                    Collect(item, type.Options.GetTypeInfo(type.ElementType!), $"{path}[]", unknown);
                }

                break;
            default:
                break;
        }
    }
}
