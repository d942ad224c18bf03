using System.Text.Json;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>
/// A device of a sandbox. <c>devices.json</c> of a sandbox is a list of them in no order, told apart by <see cref="Id"/>. Derive from it
/// for a kind of your own and register that in a <see cref="KindRegistry{TBase}"/>.
/// </summary>
public abstract record Device : TypedObject
{
    /// <summary>The device's id in its sandbox.</summary>
    [JsonPropertyName("ID")]
    [JsonPropertyOrder(-4)]
    public string Id { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>
    /// The host's device, of which nothing is known at first. The seed reads its numbers without a look: null ends its process.
    /// </summary>
    [JsonPropertyOrder(-3)]
    public DeviceInfo? DeviceInfo { get; init; } = new();

    /// <summary>How many containers use it.</summary>
    [JsonPropertyOrder(-2)]
    public ulong RefCount { get; init; }

    /// <summary>How often it is attached to the virtual machine.</summary>
    [JsonPropertyOrder(-1)]
    public ulong AttachCount { get; init; }
}

/// <summary>A device behind a vhost-user socket.</summary>
public abstract record VhostUserDevice : Device
{
    /// <summary>The device's id in the virtual machine.</summary>
    [JsonPropertyName("DevID")]
    public string DevId { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The socket's path.</summary>
    public string SocketPath { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The kind, once more; the seed sets it when it attaches the device.</summary>
    public string Type { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The address of a network device, empty for others.</summary>
    public string MacAddress { get; init => field = value ?? string.Empty; } = string.Empty;
}

/// <summary>A device whose kind is not known or whose data does not fit its kind: kept as it stands in the file.</summary>
public sealed record RawDevice : Device
{
    internal RawDevice(string kind, JsonElement data, string reason)
    {
        Kind = kind;
        Data = data;
        Reason = reason;
        DeviceInfo = null;
        Id = data.ValueKind == JsonValueKind.Object && data.TryGetProperty("ID", out JsonElement id) && id.ValueKind == JsonValueKind.String
            ? id.GetString()! : string.Empty;
    }

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind { get; }

    /// <summary>The device as it stands in the file; <see cref="JsonValueKind.Undefined"/> if the envelope has none.</summary>
    [JsonIgnore]
    public JsonElement Data { get; }

    /// <summary>Why it is not read as a device of its kind.</summary>
    [JsonIgnore]
    public string Reason { get; }
}
