using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A device of the host that a container is given.</summary>
public sealed record DeviceInfo : StoredObject
{
    public string HostPath { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>
    /// Where a container finds it, without which its configuration cannot make it again; null, and left out of the file, if it is not
    /// known. The seed does not store it.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ContainerPath { get; init; }

    /// <summary><c>c</c>, <c>b</c>, <c>u</c>, <c>p</c>.</summary>
    public string DevType { get; init => field = value ?? string.Empty; } = string.Empty;

    public long Major { get; init; }

    public long Minor { get; init; }

    public uint FileMode { get; init; }

    [JsonPropertyName("UID")]
    public uint Uid { get; init; }

    [JsonPropertyName("GID")]
    public uint Gid { get; init; }

    /// <summary>Device manager id (16 hex digits).</summary>
    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>E.g. <c>block-driver</c> to <c>virtio-scsi</c>.</summary>
    public IReadOnlyDictionary<string, string>? DriverOptions { get; init; }
}
