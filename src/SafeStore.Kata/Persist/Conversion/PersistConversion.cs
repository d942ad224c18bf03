using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>
/// Makes the seed's documents of <c>persist.json</c>, the one document per sandbox and container of Kata from 1.11 on. Nothing is read
/// or written. Members that the seed's records do not have go into their <see cref="StoredObject.Unknown"/>, under the names of
/// <c>persist.json</c>: <see cref="State"/> takes those of <see cref="PersistSandbox"/> and <see cref="PersistContainer"/> themselves
/// (cgroup paths, version, bundle path, ...), each other record those of the part that it is made of; a device's <c>ColdPlug</c> stands
/// in its <see cref="DeviceInfo"/>, members that an endpoint has beside its part in <see cref="TypedObject.EnvelopeUnknown"/>.
/// </summary>
/// <remarks>
/// <para>Only <c>persist.json</c> keeps:</para>
/// <list type="bullet">
/// <item>
/// the state of a hypervisor that is neither <c>qemu</c> nor <c>firecracker</c>, but for the block indexes, of which the next one is
/// <see cref="State.BlockIndex"/>;
/// </item>
/// <item>
/// the configuration of a container that has no <c>persist.json</c> of its own, but for its copy in <see cref="SandboxConfig.Containers"/>;
/// </item>
/// <item>members of a newer form whose name the seed's record has for something else.</item>
/// </list>
/// <para>
/// What <c>persist.json</c> does not have is empty in the result: hostname, volumes and annotations of a sandbox, parameters of kernel and
/// hypervisor, netmon, a container's command, the mounts and devices of its configuration, a mount's type, a host device's path, mode and
/// owner, PCI addresses, what netlink told of an endpoint, the number of its open files. The network's model is <c>default</c>, the only
/// one that there is without a choice.
/// </para>
/// </remarks>
public static class PersistConversion
{
    /// <summary>Makes the seed's documents of a sandbox and its containers.</summary>
    /// <param name="id">The sandbox's id: the name of the directory of its <c>persist.json</c>.</param>
    /// <param name="sandbox">The sandbox's <c>persist.json</c>.</param>
    /// <param name="containers">Its containers' <c>persist.json</c> by their ids.</param>
    public static ConvertedSandbox Convert(string id, PersistSandbox sandbox, IReadOnlyDictionary<string, PersistContainer> containers)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        ArgumentNullException.ThrowIfNull(sandbox);
        ArgumentNullException.ThrowIfNull(containers);
        SandboxConfig config = ConfigConversion.ToSeed(id, sandbox.Config);
        string hypervisor = sandbox.HypervisorState.Type;
        ILookup<string, ContainerConfig> configs = (config.Containers ?? []).ToLookup(static one => one.Id, StringComparer.Ordinal);
        return new ConvertedSandbox
        {
            Id = id,
            Config = config,
            State = StateConversion.OfSandbox(sandbox, containers),
            Network = NetworkConversion.ToSeed(sandbox.Network),
            Qemu = hypervisor == "qemu" ? StateConversion.OfQemu(sandbox.HypervisorState) : null,
            Firecracker = hypervisor == "firecracker" ? StateConversion.OfFirecracker(sandbox.HypervisorState) : null,
            Agent = sandbox.AgentState,
            Devices = Reread.Each<PersistDevice, Device>(sandbox.Devices, DeviceConversion.ToSeed) ?? [],
            Containers = containers.ToDictionary(
                static one => one.Key, one => OfContainer(one.Key, one.Value, configs[one.Key].FirstOrDefault()), StringComparer.Ordinal),
        };
    }

    private static ConvertedContainer OfContainer(string id, PersistContainer container, ContainerConfig? config) => new()
    {
        Id = id,
        Config = config,
        State = StateConversion.OfContainer(container),
        Process = container.Process,
        Mounts = container.Mounts,
        Devices = Reread.Each<PersistDeviceMap, ContainerDevice>(
            container.DeviceMaps, static device => Reread.As<PersistDeviceMap, ContainerDevice>(device)),
    };
}
