using System;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using SafeStore.Documents;

namespace SafeStore.Sandboxes;

/// <summary>
/// Reads JSON that is kept as it stands. What could not be written again is refused here already (a name that is there twice, an escape
/// that stands for no character, a number too large for a double): otherwise a document could be read, but never changed.
/// </summary>
internal sealed class KeptJsonConverter : JsonConverter<JsonElement>
{
    public override bool HandleNull => true;

    public override JsonElement Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Check(JsonElement.ParseValue(ref reader));

    public override void Write(Utf8JsonWriter writer, JsonElement value, JsonSerializerOptions options) => value.WriteTo(writer);

    /// <summary>The same JSON, if it may be written again.</summary>
    public static JsonElement Check(JsonElement kept) =>
        JsonRules.FindFaultStrictly(JsonMarshal.GetRawUtf8Value(kept)) is { } fault ? throw new JsonException(fault.Reason) : kept;
}
