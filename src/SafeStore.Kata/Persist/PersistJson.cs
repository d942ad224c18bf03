using System.Text.Json.Serialization;

namespace SafeStore.Kata;

/// <summary>The generated readers and writers of the types of <c>persist.json</c>.</summary>
[JsonSerializable(typeof(PersistSandbox))]
[JsonSerializable(typeof(PersistContainer))]
internal sealed partial class PersistJson : JsonSerializerContext;
