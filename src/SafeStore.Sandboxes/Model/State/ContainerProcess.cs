namespace SafeStore.Sandboxes;

/// <summary><c>process.json</c> of a container.</summary>
public sealed record ContainerProcess : StoredObject
{
    /// <summary>Exec id / container id.</summary>
    public string Token { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Host pid of the shim.</summary>
    public long Pid { get; init; }

    /// <summary>When it was started, on the host's clock.</summary>
    public Timestamp StartTime { get; init; }
}
