using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>
/// A JSON object of the model. Members that a record does not have are kept in <see cref="Unknown"/> and written back, so that a file
/// of a newer version loses nothing. Two records are equal if their values are and their lists are the same objects; whether two mean
/// the same JSON tells <see cref="SandboxModel.AreEqual{T}"/>.
/// </summary>
public abstract record StoredObject
{
    /// <summary>
    /// The members that the record does not have, by their names as written; null if there are none. Copies of a record share it.
    /// </summary>
    [JsonExtensionData]
    [SuppressMessage("Usage", "CA2227", Justification = "The serialiser fills it after it has made the record.")]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>
/// An object that stands in an envelope <c>{"Type":kind,"Data":object}</c>, one of several kinds in one list: a <see cref="Device"/> or an
/// <see cref="Endpoint"/>.
/// </summary>
public abstract record TypedObject : StoredObject
{
    /// <summary>The kind: what the envelope's <c>Type</c> says.</summary>
    [JsonIgnore]
    public abstract string Kind { get; }

    /// <summary>Members of the envelope besides <c>Type</c> and <c>Data</c>, kept and written back; null if there are none.</summary>
    [JsonIgnore]
    public IReadOnlyDictionary<string, JsonElement>? EnvelopeUnknown { get; init; }
}
