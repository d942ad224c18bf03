using System;
using System.Collections.Generic;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>A resource in one scope, and the type of document that it is.</summary>
internal abstract class ResourceSlot(SandboxResource resource, DocumentKind kind)
{
    public SandboxResource Resource => resource;

    public DocumentKind Kind => kind;

    public abstract string TypeName { get; }

    public abstract bool Takes(object? value);

    public abstract void Put(ModelChange change, string? container, object value);

    public abstract object? Read(StateStore store, string sandbox, string? container);

    /// <summary>The type that a caller wants is one that this slot's documents have.</summary>
    public abstract bool Gives(Type type);

    public static ResourceSlot[] Of(SandboxModel model) =>
    [
        new ResourceSlot<SandboxConfig>(SandboxResource.Config, model.SandboxConfig),
        new ResourceSlot<ContainerConfig>(SandboxResource.Config, model.ContainerConfig),
        new ResourceSlot<State>(SandboxResource.State, model.SandboxState),
        new ResourceSlot<State>(SandboxResource.State, model.ContainerState),
        new ResourceSlot<NetworkNamespace>(SandboxResource.Network, model.Network),
        new ResourceSlot<QemuState>(SandboxResource.Hypervisor, model.Qemu),
        new ResourceSlot<FirecrackerState>(SandboxResource.Hypervisor, model.Firecracker),
        new ResourceSlot<AgentState>(SandboxResource.Agent, model.Agent),
        new ResourceSlot<ContainerProcess>(SandboxResource.Process, model.Process),
        new ResourceSlot<IReadOnlyList<Mount>>(SandboxResource.Mounts, model.Mounts),
        new ResourceSlot<IReadOnlyList<Device>>(SandboxResource.Devices, model.Devices),
        new ResourceSlot<IReadOnlyList<ContainerDevice>>(SandboxResource.ContainerDevices, model.ContainerDevices),
    ];
}

/// <inheritdoc/>
internal sealed class ResourceSlot<T>(SandboxResource resource, DocumentKind<T> kind) : ResourceSlot(resource, kind)
    where T : class
{
    public override string TypeName => ResourceRules.NameOf(typeof(T));

    public override bool Takes(object? value) => value is T;

    public override void Put(ModelChange change, string? container, object value)
    {
        if (container is null)
        {
            change.Put(kind, (T)value);
        }
        else
        {
            change.Put(container, kind, (T)value);
        }
    }

    public override object? Read(StateStore store, string sandbox, string? container) =>
        container is null ? store.Read(sandbox, kind) : store.Read(sandbox, container, kind);

    public override bool Gives(Type type) => type == typeof(T);
}
