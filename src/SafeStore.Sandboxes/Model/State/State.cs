using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary><c>state.json</c> of a sandbox or a container: one type for both.</summary>
public sealed record State : StoredObject
{
    /// <summary>
    /// Where it stands in its life; <see cref="Lifecycle.Unknown"/> if it has no state yet, or one that this program does not know, which
    /// <see cref="Text"/> keeps.
    /// </summary>
    [JsonIgnore]
    public Lifecycle Lifecycle
    {
        get => Lifecycles.Parse(Text);
        init => Text = value == Lifecycle ? Text : value == Lifecycle.Unknown ? string.Empty : value.ToText();
    }

    /// <summary>
    /// What the file says: <c>ready</c>, <c>running</c>, <c>paused</c>, <c>stopped</c>, empty, or the text of another runtime, as it was
    /// read.
    /// </summary>
    [JsonInclude]
    [JsonPropertyName("state")]
    public string Text { get; internal init => field = value ?? string.Empty; } = string.Empty;

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
