using System.Collections.Generic;

namespace SafeStore.Sandboxes;

/// <summary>
/// A sandbox that is to be created, with its containers and the documents that it has from the start; what is null is left out.
/// </summary>
/// <param name="Id">The sandbox's id.</param>
public sealed record NewSandbox(string Id)
{
    /// <summary>
    /// How it is made. Its id must be the sandbox's, and it must name a kernel and an image (<see cref="HypervisorConfig.Validate"/>).
    /// </summary>
    public SandboxConfig? Config { get; init; }

    /// <summary>Its state.</summary>
    public State? State { get; init; }

    /// <summary>Its network.</summary>
    public NetworkNamespace? Network { get; init; }

    /// <summary>Its devices.</summary>
    public IReadOnlyList<Device>? Devices { get; init; }

    /// <summary>The state of its qemu; of the two hypervisors at most one.</summary>
    public QemuState? Qemu { get; init; }

    /// <summary>The state of its Firecracker.</summary>
    public FirecrackerState? Firecracker { get; init; }

    /// <summary>The state of its agent.</summary>
    public AgentState? Agent { get; init; }

    /// <summary>Its containers; often one has the sandbox's own id.</summary>
    public IReadOnlyList<NewContainer> Containers { get; init; } = [];
}

/// <summary>A container that is to be created, with the documents that it has from the start; what is null is left out.</summary>
/// <param name="Id">The container's id.</param>
public sealed record NewContainer(string Id)
{
    /// <summary>How it is made. Its id must be the container's.</summary>
    public ContainerConfig? Config { get; init; }

    /// <summary>Its state.</summary>
    public State? State { get; init; }

    /// <summary>Its process.</summary>
    public ContainerProcess? Process { get; init; }

    /// <summary>Its mounts.</summary>
    public IReadOnlyList<Mount>? Mounts { get; init; }

    /// <summary>Which of the sandbox's devices it uses.</summary>
    public IReadOnlyList<ContainerDevice>? Devices { get; init; }
}
