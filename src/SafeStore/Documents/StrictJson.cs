using System;
using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SafeStore.FileSystem;

namespace SafeStore.Documents;

/// <summary>
/// Writes values as JSON, and refuses text that no UTF-8 stands for: the runtime's writer puts U+FFFD in its place, and what would be
/// stored is not what was given.
/// </summary>
internal static class StrictJson
{
    /// <exception cref="ArgumentException">A text in it has half of a surrogate pair, or bytes that are not UTF-8.</exception>
    public static byte[] Serialize<T>(T value, JsonTypeInfo<T> json)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var options = new JsonWriterOptions
        {
            Encoder = new StrictTextEncoder(json.Options.Encoder ?? JavaScriptEncoder.Default),
            Indented = json.Options.WriteIndented,
            MaxDepth = JsonRules.DepthMax,
        };
        using (var writer = new Utf8JsonWriter(buffer, options))
        {
            JsonSerializer.Serialize(writer, value, json);
        }

        return buffer.WrittenSpan.ToArray();
    }
}
