using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace SafeStore.Sandboxes;

/// <summary>
/// The kinds of an enveloped object that are read as types of their own. Immutable: <see cref="With{T}"/> gives a new registry.
/// </summary>
/// <typeparam name="TBase"><see cref="Device"/> or <see cref="Endpoint"/>.</typeparam>
/// <example><code>
/// var model = new SandboxModel(devices: SandboxModel.Default.DeviceKinds.With("nvme", MyJson.Default.NvmeDevice));
/// </code></example>
public sealed class KindRegistry<TBase>
    where TBase : TypedObject
{
    internal static readonly KindRegistry<TBase> Empty = new(ImmutableDictionary<string, Entry>.Empty);

    private readonly ImmutableDictionary<string, Entry> _entries;

    private KindRegistry(ImmutableDictionary<string, Entry> entries) => _entries = entries;

    /// <summary>The kinds.</summary>
    public IEnumerable<string> Kinds => _entries.Keys;

    /// <summary>A registry with one more kind; a kind that is there already is replaced.</summary>
    /// <typeparam name="T">The type. Its <see cref="TypedObject.Kind"/> must be the kind.</typeparam>
    /// <param name="kind">What the envelope's <c>Type</c> says; it is compared exactly.</param>
    /// <param name="json">How it is read and written; from a source-generated context.</param>
    /// <exception cref="ArgumentException">The kind is empty.</exception>
    public KindRegistry<TBase> With<T>(string kind, JsonTypeInfo<T> json)
        where T : TBase
    {
        ArgumentException.ThrowIfNullOrEmpty(kind);
        ArgumentNullException.ThrowIfNull(json);
        // the built-in kinds; a program's own may take the last of two
        bool checksItself = json.Options.Converters.Any(static converter => converter is KeptJsonConverter);
        Func<JsonElement, TBase?> read = checksItself ? data => data.Deserialize(json) : data =>
            KeptJsonConverter.Check(data).Deserialize(json);
        return new KindRegistry<TBase>(
            _entries.SetItem(kind, new Entry(typeof(T), read, (writer, value) => JsonSerializer.Serialize(writer, (T)value, json))));
    }

    internal Entry? Find(string kind) => _entries.GetValueOrDefault(kind);

    internal sealed record Entry(Type Type, Func<JsonElement, TBase?> Read, Action<Utf8JsonWriter, TBase> Write);
}
