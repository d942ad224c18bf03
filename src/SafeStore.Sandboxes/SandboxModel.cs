using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace SafeStore.Sandboxes;

/// <summary>
/// The documents of a container runtime: which file is which type. Names and encodings are those of Kata Containers' filesystem storage
/// (docs/sandboxes.md has the differences). Member names are matched whatever their ASCII case; a name that is there twice is refused. Immutable.
/// </summary>
public sealed class SandboxModel
{
    /// <summary>Makes a model with device and endpoint kinds of the program's own.</summary>
    /// <param name="devices">The kinds of devices; null for the built-in ones.</param>
    /// <param name="endpoints">The kinds of endpoints; null for the built-in ones.</param>
    public SandboxModel(KindRegistry<Device>? devices = null, KindRegistry<Endpoint>? endpoints = null)
    {
        JsonSerializerOptions plain = Options([]);
        DeviceKinds = devices ?? KindRegistry<Device>.Empty
            .With("generic", InfoOf<GenericDevice>(plain)).With("block", InfoOf<BlockDevice>(plain)).With("vfio", InfoOf<VfioDevice>(plain))
            .With("vhost-user-blk-pci", InfoOf<VhostUserBlkDevice>(plain)).With("vhost-user-scsi-pci", InfoOf<VhostUserScsiDevice>(plain))
            .With("virtio-net-pci", InfoOf<VhostUserNetDevice>(plain));
        EndpointKinds = endpoints ?? KindRegistry<Endpoint>.Empty
            .With("virtual", InfoOf<VethEndpoint>(plain)).With("physical", InfoOf<PhysicalEndpoint>(plain)).With("vhost-user", InfoOf<VhostUserEndpoint>(plain))
            .With("macvlan", InfoOf<BridgedMacvlanEndpoint>(plain)).With("macvtap", InfoOf<MacvtapEndpoint>(plain)).With("tap", InfoOf<TapEndpoint>(plain))
            .With("ipvlan", InfoOf<IPVlanEndpoint>(plain));
        JsonSerializerOptions json = Options(
            [
                new EnvelopeConverter<Device>(DeviceKinds, static (kind, data, reason) => new RawDevice(kind, data, reason), static device => (device as RawDevice)?.Data),
                new EnvelopeConverter<Endpoint>(EndpointKinds, static (kind, data, reason) => new RawEndpoint(kind, data, reason), static endpoint => (endpoint as RawEndpoint)?.Data),
            ]);
        SandboxConfig = DocumentKind.OfSandbox("config.json", StoreRoot.Config, InfoOf<SandboxConfig>(json));
        ContainerConfig = DocumentKind.OfContainer("config.json", StoreRoot.Config, InfoOf<ContainerConfig>(json));
        SandboxState = DocumentKind.OfSandbox("state.json", StoreRoot.Run, InfoOf<State>(json));
        ContainerState = DocumentKind.OfContainer("state.json", StoreRoot.Run, InfoOf<State>(json));
        Network = DocumentKind.OfSandbox("network.json", StoreRoot.Run, InfoOf<NetworkNamespace>(json));
        Qemu = DocumentKind.OfSandbox("hypervisor.json", StoreRoot.Run, InfoOf<QemuState>(json));
        Firecracker = DocumentKind.OfSandbox("hypervisor.json", StoreRoot.Run, InfoOf<FirecrackerState>(json));
        Agent = DocumentKind.OfSandbox("agent.json", StoreRoot.Run, InfoOf<AgentState>(json));
        Process = DocumentKind.OfContainer("process.json", StoreRoot.Run, InfoOf<ContainerProcess>(json));
        Mounts = DocumentKind.OfContainer("mounts.json", StoreRoot.Run, InfoOf<IReadOnlyList<Mount>>(json));
        Devices = DocumentKind.OfSandbox("devices.json", StoreRoot.Run, InfoOf<IReadOnlyList<Device>>(json));
        ContainerDevices = DocumentKind.OfContainer("devices.json", StoreRoot.Run, InfoOf<IReadOnlyList<ContainerDevice>>(json));
        PersistSandbox = DocumentKind.OfSandbox("persist.json", StoreRoot.Run, InfoOf<PersistSandbox>(json));
        PersistContainer = DocumentKind.OfContainer("persist.json", StoreRoot.Run, InfoOf<PersistContainer>(json));
        Intents = DocumentKind.OfSandbox(IntentDocument.File, StoreRoot.Config, InfoOf<IntentDocument>(json));
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

    /// <summary>A sandbox's devices. The seed calls this file and <see cref="ContainerDevices"/> the same; here each has a scope of its own.</summary>
    public DocumentKind<IReadOnlyList<Device>> Devices { get; }

    /// <summary>A container's uses of the sandbox's devices.</summary>
    public DocumentKind<IReadOnlyList<ContainerDevice>> ContainerDevices { get; }

    /// <summary>A sandbox as Kata from 1.11 on stores it; <see cref="PersistConversion"/> makes the other documents of it.</summary>
    public DocumentKind<PersistSandbox> PersistSandbox { get; }

    /// <summary>A container as Kata from 1.11 on stores it.</summary>
    public DocumentKind<PersistContainer> PersistContainer { get; }

    /// <summary>What is to be undone if a sandbox's creation or change is not completed.</summary>
    internal DocumentKind<IntentDocument> Intents { get; }

    internal JsonSerializerOptions Json { get; }

    /// <summary>Whether two values mean the same JSON: order of members and form of numbers apart, <c>null</c> is not an empty list.</summary>
    /// <typeparam name="T">Their type.</typeparam>
    /// <param name="kind">The kind of document that they would be.</param>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool AreEqual<T>(DocumentKind<T> kind, T? left, T? right)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return JsonElement.DeepEquals(JsonSerializer.SerializeToElement(left!, kind.Json), JsonSerializer.SerializeToElement(right!, kind.Json));
    }

    /// <summary>Reads a member that is kept as any JSON as one of the model's records: <see cref="SandboxConfig.AgentConfig"/> as a <see cref="KataAgentConfig"/> for instance.</summary>
    /// <typeparam name="T">The record.</typeparam>
    /// <param name="json">The member's value.</param>
    /// <returns>The record; null if there is none.</returns>
    /// <exception cref="ArgumentException">It is not such a record.</exception>
    public T? Decode<T>(JsonElement? json)
        where T : StoredObject
    {
        try
        {
            return json is { } value ? value.Deserialize(InfoOf<T>(Json)) : null;
        }
        catch (JsonException failure)
        {
            throw new ArgumentException($"The value is not a {typeof(T).Name}: {failure.Message}", nameof(json), failure);
        }
    }

    /// <summary>Writes one of the model's records for a member that is kept as any JSON: the other way round than <see cref="Decode{T}"/>.</summary>
    /// <typeparam name="T">The record.</typeparam>
    /// <param name="value">Its value.</param>
    public JsonElement Encode<T>(T value)
        where T : StoredObject => JsonSerializer.SerializeToElement(value, InfoOf<T>(Json));

    private static JsonTypeInfo<T> InfoOf<T>(JsonSerializerOptions options) => (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));

    private static JsonSerializerOptions Options(JsonConverter[] converters)
    {
        var options = new JsonSerializerOptions
        {
            PropertyNameCaseInsensitive = true,
            AllowDuplicateProperties = false,
            RespectNullableAnnotations = true,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // these files are read by programs and people, not by browsers
            TypeInfoResolver = ModelJson.Default
                .WithAddedModifier(ForgetWhatIsNotStored).WithAddedModifier(LeaveOutMissingNetwork).WithAddedModifier(PersistCgroup.LeaveOutMissingLimits),
        };
        options.Converters.Add(new KeptJsonConverter());
        foreach (JsonConverter converter in converters)
        {
            options.Converters.Add(converter);
        }

        options.MakeReadOnly();
        return options;
    }

    /// <summary>A member of the file that is called like a property that is not stored is unknown, and kept as such; the serialiser would drop it.</summary>
    private static void ForgetWhatIsNotStored(JsonTypeInfo type)
    {
        foreach (JsonPropertyInfo member in type.Properties.Where(static member => member.Get is null && member.Set is null).ToArray())
        {
            type.Properties.Remove(member);
        }
    }

    /// <summary>In the seed an address embeds a pointer to its network; where that is nil, both of the network's members are missing. A mask that has no address is kept all the same.</summary>
    private static void LeaveOutMissingNetwork(JsonTypeInfo type)
    {
        if (type.Type != typeof(InterfaceAddress))
        {
            return;
        }

        foreach (JsonPropertyInfo member in type.Properties)
        {
            member.ShouldSerialize = member.Name switch
            {
                nameof(InterfaceAddress.IP) => static (address, _) => ((InterfaceAddress)address).IP is not null,
                nameof(InterfaceAddress.Mask) => static (address, _) => ((InterfaceAddress)address) is { IP: not null } or { Mask: not null },
                _ => member.ShouldSerialize,
            };
        }
    }
}
