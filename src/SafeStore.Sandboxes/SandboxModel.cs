using System;
using System.Collections.Generic;
using System.Text.Json;

namespace SafeStore.Sandboxes;

/// <summary>
/// The documents of a container runtime: which file is which type. Names and encodings are those of Kata Containers' filesystem storage
/// (docs/sandboxes.md has the differences). Member names are matched whatever their ASCII case; a name that is there twice is refused.
/// Immutable.
/// </summary>
public sealed class SandboxModel
{
    /// <summary>Makes a model with device and endpoint kinds of the program's own.</summary>
    /// <param name="devices">The kinds of devices; null for the built-in ones.</param>
    /// <param name="endpoints">The kinds of endpoints; null for the built-in ones.</param>
    public SandboxModel(KindRegistry<Device>? devices = null, KindRegistry<Endpoint>? endpoints = null)
    {
        JsonSerializerOptions plain = ModelOptions.Of(ModelJson.Default);
        DeviceKinds = devices ?? KindRegistry<Device>.Empty
            .With("generic", plain.InfoOf<GenericDevice>()).With("block", plain.InfoOf<BlockDevice>())
                .With("vfio", plain.InfoOf<VfioDevice>())
            .With("vhost-user-blk-pci", plain.InfoOf<VhostUserBlkDevice>()).With("vhost-user-scsi-pci", plain.InfoOf<VhostUserScsiDevice>())
            .With("virtio-net-pci", plain.InfoOf<VhostUserNetDevice>());
        EndpointKinds = endpoints ?? KindRegistry<Endpoint>.Empty
            .With("virtual", plain.InfoOf<VethEndpoint>()).With("physical", plain.InfoOf<PhysicalEndpoint>())
                .With("vhost-user", plain.InfoOf<VhostUserEndpoint>())
            .With("macvlan", plain.InfoOf<BridgedMacvlanEndpoint>()).With("macvtap", plain.InfoOf<MacvtapEndpoint>())
                .With("tap", plain.InfoOf<TapEndpoint>())
            .With("ipvlan", plain.InfoOf<IPVlanEndpoint>());
        JsonSerializerOptions json = ModelOptions.Of(
            ModelJson.Default,
            new EnvelopeConverter<Device>(
                DeviceKinds, static (kind, data, reason) => new RawDevice(kind, data, reason), static device =>
                (device as RawDevice)?.Data),
            new EnvelopeConverter<Endpoint>(
                EndpointKinds, static (kind, data, reason) => new RawEndpoint(kind, data, reason), static endpoint =>
                (endpoint as RawEndpoint)?.Data));
        SandboxConfig = DocumentKind.OfSandbox("config.json", StoreRoot.Config, json.InfoOf<SandboxConfig>());
        ContainerConfig = DocumentKind.OfContainer("config.json", StoreRoot.Config, json.InfoOf<ContainerConfig>());
        SandboxState = DocumentKind.OfSandbox("state.json", StoreRoot.Run, json.InfoOf<State>());
        ContainerState = DocumentKind.OfContainer("state.json", StoreRoot.Run, json.InfoOf<State>());
        Network = DocumentKind.OfSandbox("network.json", StoreRoot.Run, json.InfoOf<NetworkNamespace>());
        Qemu = DocumentKind.OfSandbox("hypervisor.json", StoreRoot.Run, json.InfoOf<QemuState>());
        Firecracker = DocumentKind.OfSandbox("hypervisor.json", StoreRoot.Run, json.InfoOf<FirecrackerState>());
        Agent = DocumentKind.OfSandbox("agent.json", StoreRoot.Run, json.InfoOf<AgentState>());
        Process = DocumentKind.OfContainer("process.json", StoreRoot.Run, json.InfoOf<ContainerProcess>());
        Mounts = DocumentKind.OfContainer("mounts.json", StoreRoot.Run, json.InfoOf<IReadOnlyList<Mount>>());
        Devices = DocumentKind.OfSandbox("devices.json", StoreRoot.Run, json.InfoOf<IReadOnlyList<Device>>());
        ContainerDevices = DocumentKind.OfContainer("devices.json", StoreRoot.Run, json.InfoOf<IReadOnlyList<ContainerDevice>>());
        Intents = DocumentKind.OfSandbox(IntentDocument.File, StoreRoot.Config, json.InfoOf<IntentDocument>());
        Json = json;
    }

    /// <summary>The model with the built-in kinds.</summary>
    public static SandboxModel Default { get; } = new();

    /// <summary>The kinds of devices that are read as types of their own.</summary>
    public KindRegistry<Device> DeviceKinds { get; }

    /// <summary>The kinds of endpoints that are read as types of their own.</summary>
    public KindRegistry<Endpoint> EndpointKinds { get; }

    /// <summary>How a sandbox was made.</summary>
    public DocumentKind<SandboxConfig> SandboxConfig { get; }

    /// <summary>How a container was made.</summary>
    public DocumentKind<ContainerConfig> ContainerConfig { get; }

    /// <summary>A sandbox's state.</summary>
    public DocumentKind<State> SandboxState { get; }

    /// <summary>A container's state.</summary>
    public DocumentKind<State> ContainerState { get; }

    /// <summary>A sandbox's network.</summary>
    public DocumentKind<NetworkNamespace> Network { get; }

    /// <summary>The hypervisor's state of a sandbox whose <see cref="SandboxConfig.HypervisorType"/> is <c>qemu</c>.</summary>
    public DocumentKind<QemuState> Qemu { get; }

    /// <summary>The hypervisor's state of a sandbox whose <see cref="SandboxConfig.HypervisorType"/> is <c>firecracker</c>.</summary>
    public DocumentKind<FirecrackerState> Firecracker { get; }

    /// <summary>The agent's state of a sandbox.</summary>
    public DocumentKind<AgentState> Agent { get; }

    /// <summary>A container's process.</summary>
    public DocumentKind<ContainerProcess> Process { get; }

    /// <summary>A container's mounts.</summary>
    public DocumentKind<IReadOnlyList<Mount>> Mounts { get; }

    /// <summary>
    /// A sandbox's devices. The seed calls this file and <see cref="ContainerDevices"/> the same; here each has a scope of its own.
    /// </summary>
    public DocumentKind<IReadOnlyList<Device>> Devices { get; }

    /// <summary>A container's uses of the sandbox's devices.</summary>
    public DocumentKind<IReadOnlyList<ContainerDevice>> ContainerDevices { get; }

    /// <summary>What is to be undone if a sandbox's creation or change is not completed.</summary>
    internal DocumentKind<IntentDocument> Intents { get; }

    internal JsonSerializerOptions Json { get; }

    /// <summary>
    /// Whether two values mean the same JSON: order of members and form of numbers apart, <c>null</c> is not an empty list.
    /// </summary>
    /// <typeparam name="T">Their type.</typeparam>
    /// <param name="kind">The kind of document that they would be.</param>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool AreEqual<T>(DocumentKind<T> kind, T? left, T? right)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return JsonElement.DeepEquals(
            JsonSerializer.SerializeToElement(left!, kind.Json), JsonSerializer.SerializeToElement(right!, kind.Json));
    }

    /// <summary>
    /// Reads a member that is kept as any JSON as one of the model's records: <see cref="SandboxConfig.AgentConfig"/> as a
    /// <see cref="KataAgentConfig"/> for instance.
    /// </summary>
    /// <typeparam name="T">The record.</typeparam>
    /// <param name="json">The member's value.</param>
    /// <returns>The record; null if there is none.</returns>
    /// <exception cref="ArgumentException">It is not such a record.</exception>
    public T? Decode<T>(JsonElement? json)
        where T : StoredObject
    {
        try
        {
            return json is { } value ? value.Deserialize(Json.InfoOf<T>()) : null;
        }
        catch (JsonException failure)
        {
            throw new ArgumentException($"The value is not a {typeof(T).Name}: {failure.Message}", nameof(json), failure);
        }
    }

    /// <summary>
    /// Writes one of the model's records for a member that is kept as any JSON: the other way round than <see cref="Decode{T}"/>.
    /// </summary>
    /// <typeparam name="T">The record.</typeparam>
    /// <param name="value">Its value.</param>
    public JsonElement Encode<T>(T value)
        where T : StoredObject => JsonSerializer.SerializeToElement(value, Json.InfoOf<T>());
}
