using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A mount of a container; <c>mounts.json</c> is a list of them.</summary>
public sealed record Mount : StoredObject
{
    /// <summary>Host path or fs name.</summary>
    public string Source { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Path in the container.</summary>
    public string Destination { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Fs type, <c>bind</c>, ...</summary>
    public string Type { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Mount options.</summary>
    public IReadOnlyList<string>? Options { get; init; }

    /// <summary>Where it is bind mounted on the host.</summary>
    public string HostPath { get; init => field = value ?? string.Empty; } = string.Empty;

    public bool ReadOnly { get; init; }

    /// <summary>Id of a sandbox device when the mount is a block device.</summary>
    [JsonPropertyName("BlockDeviceID")]
    public string BlockDeviceId { get; init => field = value ?? string.Empty; } = string.Empty;
}
