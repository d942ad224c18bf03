namespace SafeStore.Kata;

/// <summary>What is wrong with an argument, as the seed tells it.</summary>
public enum ResourceFault
{
    /// <summary>"Sandbox ID cannot be empty".</summary>
    SandboxIdMissing,

    /// <summary>"Container ID cannot be empty".</summary>
    ContainerIdMissing,

    /// <summary>"File cannot be empty".</summary>
    FileMissing,

    /// <summary>"Invalid sandbox resource": a resource that does not exist, or not in this scope, or not of this type.</summary>
    InvalidResource,

    /// <summary>"Invalid resource data type": a type that no resource has.</summary>
    InvalidDataType,
}
