using System;
using System.Buffers;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace SafeStore.Documents;

/// <summary>
/// How documents of older versions become those of today: the step at place n makes version n + 1 of version n. A document without the
/// member is of version 0.
/// </summary>
internal sealed class Upcasting(string member, Func<JsonObject, JsonObject>[] steps, JsonTypeInfo json)
{
    private static readonly JsonDocumentOptions s_strict = new() { MaxDepth = JsonRules.DepthMax };

    /// <summary>A type that refuses members which it does not have must not see this one.</summary>
    private readonly bool _isHidden = !json.Properties.Any(property => property.Name == member)
        && (json.UnmappedMemberHandling ?? json.Options.UnmappedMemberHandling) == JsonUnmappedMemberHandling.Disallow;

    public string Member => member;

    /// <summary>The version that the type is of.</summary>
    public int Current => steps.Length;

    /// <summary>The document as the type has it; null if it is that already.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    /// <exception cref="FormatException">It is of no version, or a step failed.</exception>
    public byte[]? Upcast(ReadOnlySpan<byte> document, out int version)
    {
        version = VersionOf(document);
        if (version > Current || (version == Current && !_isHidden))
        {
            return null;
        }

        if (Parse(document) is not { } node)
        {
            return null; // null, or no object: the type's to judge
        }

        for (int step = version; step < Current; step++)
        {
            node = Apply(step, node);
        }

        if (_isHidden)
        {
            _ = node.Remove(member);
        }

        return Write(node);
    }

    /// <summary>A document of the type with the current version in it.</summary>
    /// <exception cref="NotSupportedException">It is no object.</exception>
    public byte[] Mark(byte[] document)
    {
        JsonObject node = Parse(document)
            ?? throw new NotSupportedException($"only an object can have the member '{member}' of its kind's version");
        if (node.ContainsKey(member))
        {
            node[member] = Current;
        }
        else
        {
            node.Insert(0, member, Current); // where the next reader finds it at once
        }

        return Write(node);
    }

    private int VersionOf(ReadOnlySpan<byte> document)
    {
        var reader = new Utf8JsonReader(document, new JsonReaderOptions { MaxDepth = JsonRules.DepthMax });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return 0;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isVersion = reader.ValueTextEquals(member);
            _ = reader.Read();
            if (isVersion)
            {
                return reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int version) && version >= 0 ? version
                    : throw new FormatException($"its member '{member}' is not the number of a version");
            }

            reader.Skip();
        }

        return 0;
    }

    private JsonObject Apply(int step, JsonObject node)
    {
        try
        {
            node = steps[step](node) ?? throw new InvalidOperationException("It returned null.");
            node[member] = step + 1;
            return node;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            throw new FormatException($"the step from version {step} to {step + 1} failed ({failure.GetType().Name})", failure);
        }
    }

    private static JsonObject? Parse(ReadOnlySpan<byte> document) => JsonNode.Parse(document, null, s_strict) as JsonObject;

    private byte[] Write(JsonObject node)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, StrictJson.OptionsOf(json.Options)))
        {
            node.WriteTo(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }
}
