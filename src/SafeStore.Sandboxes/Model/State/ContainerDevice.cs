using System.Text.Json;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A container's use of one of the sandbox's devices; <c>devices.json</c> of a container is a list of them.</summary>
public sealed record ContainerDevice : StoredObject, IJsonOnDeserialized
{
    /// <summary>Id of a sandbox device.</summary>
    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Path inside the container.</summary>
    public string ContainerPath { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The seed stores a sandbox's devices under the same file name, and may have put them in this place.</summary>
    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Id.Length == 0 && Unknown is { } unknown && unknown.ContainsKey("Type") && unknown.ContainsKey("Data"))
        {
            throw new JsonException("It has the shape of a sandbox's list of devices, not of a container's list of uses");
        }
    }
}
