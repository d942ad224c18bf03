using System;
using System.Collections.Generic;

namespace SafeStore.Sandboxes;

/// <summary>
/// A sandbox that is to be created, with its containers and the documents that it has from the start; what is null is left out.
/// </summary>
/// <param name="Id">The sandbox's id.</param>
public sealed record NewSandbox(string Id)
{
    /// <summary>
    /// How it is made. Its id must be the sandbox's; if its <see cref="SandboxConfig.HypervisorType"/> is one of virtual machines, so
    /// neither empty nor <c>mock</c>, it must name a kernel and an image (<see cref="HypervisorConfig.Validate"/>).
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

    internal IReadOnlyList<NewDocument> Others { get; init; } = [];

    /// <summary>The same with one more document, of a kind of the program's own for instance; a second one of a kind replaces it.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="kind">Its kind.</param>
    /// <param name="value">Its value. What cannot be written is refused where the sandbox is created.</param>
    /// <exception cref="ArgumentException">The kind belongs to a container.</exception>
    public NewSandbox With<T>(DocumentKind<T> kind, T value) =>
        this with { Others = [.. Others, NewDocument.Of(kind, DocumentScope.Sandbox, value)] };
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

    internal IReadOnlyList<NewDocument> Others { get; init; } = [];

    /// <summary>The same with one more document, of a kind of the program's own for instance; a second one of a kind replaces it.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="kind">Its kind.</param>
    /// <param name="value">Its value. What cannot be written is refused where the container is created.</param>
    /// <exception cref="ArgumentException">The kind belongs to a sandbox.</exception>
    public NewContainer With<T>(DocumentKind<T> kind, T value) =>
        this with { Others = [.. Others, NewDocument.Of(kind, DocumentScope.Container, value)] };
}
