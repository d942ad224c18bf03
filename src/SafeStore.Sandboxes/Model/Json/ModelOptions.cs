using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace SafeStore.Sandboxes;

/// <summary>How the records of a model are read and written, whatever generated context knows them.</summary>
internal static class ModelOptions
{
    public static JsonSerializerOptions Of(IJsonTypeInfoResolver types, params JsonConverter[] converters)
    {
        var options = new JsonSerializerOptions
        {
            PropertyNameCaseInsensitive = true,
            AllowDuplicateProperties = false,
            RespectNullableAnnotations = true,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // these files are read by programs and people, not by browsers
            TypeInfoResolver = types.WithAddedModifier(ForgetWhatIsNotStored).WithAddedModifier(LeaveOutMissingNetwork),
        };
        options.Converters.Add(new KeptJsonConverter());
        foreach (JsonConverter converter in converters)
        {
            options.Converters.Add(converter);
        }

        options.MakeReadOnly();
        return options;
    }

    public static JsonTypeInfo<T> InfoOf<T>(this JsonSerializerOptions options) => (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));

    /// <summary>
    /// A member of the file that is called like a property that is not stored is unknown, and kept as such; the serialiser would drop it.
    /// </summary>
    private static void ForgetWhatIsNotStored(JsonTypeInfo type)
    {
        foreach (JsonPropertyInfo member in type.Properties.Where(static member => member.Get is null && member.Set is null).ToArray())
        {
            type.Properties.Remove(member);
        }
    }

    /// <summary>
    /// In the seed an address embeds a pointer to its network; where that is nil, both of the network's members are missing. A mask that
    /// has no address is kept all the same.
    /// </summary>
    private static void LeaveOutMissingNetwork(JsonTypeInfo type)
    {
        if (type.Type != typeof(InterfaceAddress))
        {
            return;
        }

        foreach (JsonPropertyInfo member in type.Properties)
        {
            member.ShouldSerialize = member.Name switch
            {
                nameof(InterfaceAddress.IP) => static (address, _) => ((InterfaceAddress)address).IP is not null,
                nameof(InterfaceAddress.Mask) => static (address, _) =>
                    ((InterfaceAddress)address) is { IP: not null } or { Mask: not null },
                _ => member.ShouldSerialize,
            };
        }
    }
}
