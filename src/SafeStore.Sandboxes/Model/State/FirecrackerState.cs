using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary><c>hypervisor.json</c> of a <c>firecracker</c> sandbox.</summary>
public sealed record FirecrackerState : StoredObject
{
    /// <summary>The pid of the virtual machine.</summary>
    [JsonPropertyName("PID")]
    public long Pid { get; init; }
}
