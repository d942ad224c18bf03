using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary><c>state.json</c> of a sandbox or a container: one type for both.</summary>
public sealed record State : StoredObject
{
    /// <summary>
    /// <c>ready</c>, <c>running</c>, <c>paused</c> or <c>stopped</c>, empty before the first; see <see cref="Lifecycle"/>.
    /// </summary>
    [JsonPropertyName("state")]
    public string Value { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>What <see cref="Value"/> stands for.</summary>
    [JsonIgnore]
    public Lifecycle Lifecycle => Lifecycles.Parse(Value);

    /// <summary>The device that holds the root filesystem.</summary>
    [JsonPropertyName("BlockDeviceID")]
    public string BlockDeviceId { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>A sandbox's next block index, a container's own.</summary>
    [JsonPropertyName("blockIndex")]
    public long BlockIndex { get; init; }

    /// <summary>The root filesystem's type, where it is a block device.</summary>
    [JsonPropertyName("fstype")]
    public string FsType { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>A sandbox's: the pid of its container's shim.</summary>
    [JsonPropertyName("pid")]
    public long Pid { get; init; }

    /// <summary>In MiB.</summary>
    [JsonPropertyName("guestMemoryBlockSize")]
    public uint GuestMemoryBlockSize { get; init; }
}
