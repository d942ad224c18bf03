using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using SafeStore.Kata;
using SafeStore.Sandboxes;

namespace SafeStore.PropertyTests.Sandboxes.Model;

/// <summary>The model by its metadata: what is read as what.</summary>
internal static class ModelTypes
{
    private static readonly ConcurrentDictionary<Type, Dictionary<string, JsonPropertyInfo>> s_members = [];
    private static readonly ConcurrentDictionary<Type, JsonElement> s_zeros = [];

    public static SandboxModel Model => SandboxModel.Default;

    /// <summary>What a file may be, each kind of document that the model has, and the types of members that are kept as any JSON.</summary>
    public static IReadOnlyList<JsonTypeInfo> Roots { get; } =
    [
        .. typeof(SandboxModel).GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(static property => typeof(DocumentKind).IsAssignableFrom(property.PropertyType))
            .Select(static property => (JsonTypeInfo)property.PropertyType.GetProperty(nameof(DocumentKind<>.Json))!.GetValue(
                property.GetValue(Model))!)
            .DistinctBy(static info => info.Type),
        PersistDocuments.Sandbox.Json, PersistDocuments.Container.Json,
        InfoOf(typeof(KataAgentConfig)), InfoOf(typeof(HyperConfig)), InfoOf(typeof(ShimConfig)),
    ];

    /// <summary>Every record that is stored as a JSON object.</summary>
    public static IReadOnlyList<JsonTypeInfo> Records { get; } =
    [
        .. new[] { typeof(StoredObject).Assembly, typeof(PersistSandbox).Assembly }.SelectMany(static assembly => assembly.GetTypes())
            .Where(static type => type.IsSubclassOf(typeof(StoredObject)) && !type.IsAbstract && type != typeof(RawDevice)
                && type != typeof(RawEndpoint))
            .OrderBy(static type => type.Name, StringComparer.Ordinal)
            .Select(InfoOf),
    ];

    public static JsonTypeInfo InfoOf(Type type)
    {
        Type stored = Nullable.GetUnderlyingType(type) ?? type;
        return Model.Json.TryGetTypeInfo(stored, out JsonTypeInfo? info) ? info : PersistDocuments.Json.GetTypeInfo(stored);
    }

    /// <summary>The members that a record has; what else an object of a file has goes to <see cref="StoredObject.Unknown"/>.</summary>
    public static IEnumerable<JsonPropertyInfo> MembersOf(JsonTypeInfo record) => ByName(record).Values;

    public static JsonPropertyInfo? Find(JsonTypeInfo record, string name) => ByName(record).GetValueOrDefault(name);

    /// <summary>
    /// The names of C# that are not names of the file: a file may have a member of that name, which the record does not have.
    /// </summary>
    public static IEnumerable<string> NamesInCode(Type record) =>
        record.GetProperties().Select(static property => property.Name).Where(name => Find(InfoOf(record), name) is null);

    public static bool IsEnvelope(Type type) => type.IsAssignableTo(typeof(TypedObject)) && type.IsAbstract;

    public static IEnumerable<string> KindsOf(Type envelope) =>
        envelope == typeof(Device) ? Model.DeviceKinds.Kinds : Model.EndpointKinds.Kinds;

    /// <summary>The type that the data of a kind is read as; null if the kind is not known.</summary>
    public static JsonTypeInfo? DataOf(Type envelope, string kind) =>
        (envelope == typeof(Device) ? Model.DeviceKinds.Find(kind)?.Type : Model.EndpointKinds.Find(kind)?.Type) is { } type ? InfoOf(type)
            : null;

    public static bool IsLeftOutWhenNull(JsonPropertyInfo property) =>
        property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: true).Length > 0
            || property.ShouldSerialize is not null;

    /// <summary>What a record writes for members that it was not given.</summary>
    public static JsonElement ZeroOf(JsonTypeInfo record) =>
        s_zeros.GetOrAdd(
            record.Type, static (_, info) => JsonSerializer.SerializeToElement(JsonSerializer.Deserialize("{}"u8, info), info), record);

    private static Dictionary<string, JsonPropertyInfo> ByName(JsonTypeInfo record) => s_members.GetOrAdd(
        record.Type,
        static (_, info) =>
        info.Properties.Where(static property => !property.IsExtensionData)
        .ToDictionary(static property => property.Name, StringComparer.OrdinalIgnoreCase),
        record);
}
