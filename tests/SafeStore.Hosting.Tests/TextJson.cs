using System.Text.Json.Serialization;

namespace SafeStore.Hosting.Tests;

[JsonSerializable(typeof(string))]
internal sealed partial class TextJson : JsonSerializerContext;
