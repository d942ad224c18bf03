using System.Text.Json;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>
/// A network endpoint of a sandbox. Derive from it for a kind of your own and register that in a <see cref="KindRegistry{TBase}"/>.
/// </summary>
public abstract record Endpoint : TypedObject;

/// <summary>An endpoint whose kind is not known or whose data does not fit its kind: kept as it stands in the file.</summary>
public sealed record RawEndpoint : Endpoint
{
    internal RawEndpoint(string kind, JsonElement data, string reason)
    {
        Kind = kind;
        Data = data;
        Reason = reason;
    }

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind { get; }

    /// <summary>The endpoint as it stands in the file; <see cref="JsonValueKind.Undefined"/> if the envelope has none.</summary>
    [JsonIgnore]
    public JsonElement Data { get; }

    /// <summary>Why it is not read as an endpoint of its kind.</summary>
    [JsonIgnore]
    public string Reason { get; }
}
