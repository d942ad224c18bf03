using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A container's use of one of the sandbox's devices; <c>devices.json</c> of a container is a list of them.</summary>
public sealed record ContainerDevice : StoredObject
{
    /// <summary>Id of a sandbox device.</summary>
    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Path inside the container.</summary>
    public string ContainerPath { get; init => field = value ?? string.Empty; } = string.Empty;
}
