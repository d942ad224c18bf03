using System.Collections.Generic;
using System.Collections.Immutable;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>The seed's documents of a sandbox, made by <see cref="PersistConversion"/>.</summary>
public sealed record ConvertedSandbox
{
    /// <summary>The sandbox's id.</summary>
    public required string Id { get; init; }

    /// <summary><see cref="SandboxModel.SandboxConfig"/>.</summary>
    public required SandboxConfig Config { get; init; }

    /// <summary><see cref="SandboxModel.SandboxState"/>.</summary>
    public required State State { get; init; }

    /// <summary><see cref="SandboxModel.Network"/>.</summary>
    public required NetworkNamespace Network { get; init; }

    /// <summary><see cref="SandboxModel.Qemu"/>, null for another hypervisor.</summary>
    public QemuState? Qemu { get; init; }

    /// <summary><see cref="SandboxModel.Firecracker"/>, null for another hypervisor.</summary>
    public FirecrackerState? Firecracker { get; init; }

    /// <summary><see cref="SandboxModel.Agent"/>.</summary>
    public required AgentState Agent { get; init; }

    /// <summary><see cref="SandboxModel.Devices"/>.</summary>
    public required IReadOnlyList<Device> Devices { get; init; }

    /// <summary>Its containers by their ids.</summary>
    public IReadOnlyDictionary<string, ConvertedContainer> Containers { get; init; } =
        ImmutableDictionary<string, ConvertedContainer>.Empty;
}

/// <summary>The seed's documents of a container, made by <see cref="PersistConversion"/>.</summary>
public sealed record ConvertedContainer
{
    /// <summary>The container's id.</summary>
    public required string Id { get; init; }

    /// <summary><see cref="SandboxModel.ContainerConfig"/>; null if the sandbox's <c>persist.json</c> does not have it.</summary>
    public ContainerConfig? Config { get; init; }

    /// <summary><see cref="SandboxModel.ContainerState"/>.</summary>
    public required State State { get; init; }

    /// <summary><see cref="SandboxModel.Process"/>.</summary>
    public required ContainerProcess Process { get; init; }

    /// <summary><see cref="SandboxModel.Mounts"/>.</summary>
    public IReadOnlyList<Mount>? Mounts { get; init; }

    /// <summary><see cref="SandboxModel.ContainerDevices"/>.</summary>
    public IReadOnlyList<ContainerDevice>? Devices { get; init; }
}
