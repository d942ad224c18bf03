namespace SafeStore.Kata;

/// <summary>The seed's resource types, with its numbers.</summary>
public enum SandboxResource
{
    /// <summary><c>config.json</c> of a sandbox or container, in the config root.</summary>
    Config = 0,

    /// <summary><c>state.json</c> of a sandbox or container.</summary>
    State = 1,

    /// <summary><c>network.json</c> of a sandbox.</summary>
    Network = 2,

    /// <summary><c>hypervisor.json</c> of a sandbox.</summary>
    Hypervisor = 3,

    /// <summary><c>agent.json</c> of a sandbox.</summary>
    Agent = 4,

    /// <summary><c>process.json</c> of a container.</summary>
    Process = 5,

    /// <summary>The sandbox's lock file: it has a place, but no content.</summary>
    Lock = 6,

    /// <summary><c>mounts.json</c> of a container.</summary>
    Mounts = 7,

    /// <summary><c>devices.json</c> of a sandbox.</summary>
    Devices = 8,

    /// <summary><c>devices.json</c> of a container: which of the sandbox's devices it uses.</summary>
    ContainerDevices = 9,
}

/// <summary>Where a resource lies, for programs that look at the files themselves.</summary>
/// <param name="File">The file's full path.</param>
/// <param name="Directory">Its directory's full path.</param>
public sealed record ResourceUri(string File, string Directory);

/// <summary>What a path stands for.</summary>
/// <param name="Sandbox">The sandbox's id.</param>
/// <param name="Container">The container's id; null for a resource of the sandbox itself.</param>
/// <param name="Resource">The resource.</param>
public sealed record ResourceLocation(string Sandbox, string? Container, SandboxResource Resource);
