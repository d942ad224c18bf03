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

    public override JsonElement Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var kept = JsonElement.ParseValue(ref reader);
        return JsonRules.FindFaultStrictly(JsonMarshal.GetRawUtf8Value(kept)) is { } fault ? throw new JsonException(fault.Reason) : kept;
    }

    public override void Write(Utf8JsonWriter writer, JsonElement value, JsonSerializerOptions options) => value.WriteTo(writer);
}
