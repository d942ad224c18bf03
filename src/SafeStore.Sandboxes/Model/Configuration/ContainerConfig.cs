using System.Collections.Generic;
using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary><c>config.json</c> of a container.</summary>
public sealed record ContainerConfig : StoredObject
{
    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? string.Empty; } = string.Empty;

    public string RootFs { get; init => field = value ?? string.Empty; } = string.Empty;

    public bool ReadonlyRootfs { get; init; }

    [JsonPropertyName("Cmd")]
    public ContainerCommand Command { get; init => field = value ?? new(); } = new();

    public IReadOnlyDictionary<string, string>? Annotations { get; init; } = ImmutableDictionary<string, string>.Empty;

    public IReadOnlyList<Mount>? Mounts { get; init; } = [];

    public IReadOnlyList<DeviceInfo>? DeviceInfos { get; init; } = [];

    public LinuxResources Resources { get; init => field = value ?? new(); } = new();
}
