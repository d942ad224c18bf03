using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>The generated readers and writers of every stored type.</summary>
[JsonSerializable(typeof(SandboxConfig))]
[JsonSerializable(typeof(ContainerConfig))]
[JsonSerializable(typeof(State))]
[JsonSerializable(typeof(NetworkNamespace))]
[JsonSerializable(typeof(QemuState))]
[JsonSerializable(typeof(FirecrackerState))]
[JsonSerializable(typeof(AgentState))]
[JsonSerializable(typeof(ContainerProcess))]
[JsonSerializable(typeof(IReadOnlyList<Mount>))]
[JsonSerializable(typeof(IReadOnlyList<Device>))]
[JsonSerializable(typeof(IReadOnlyList<ContainerDevice>))]
[JsonSerializable(typeof(GenericDevice))]
[JsonSerializable(typeof(BlockDevice))]
[JsonSerializable(typeof(VfioDevice))]
[JsonSerializable(typeof(VhostUserBlkDevice))]
[JsonSerializable(typeof(VhostUserScsiDevice))]
[JsonSerializable(typeof(VhostUserNetDevice))]
[JsonSerializable(typeof(VethEndpoint))]
[JsonSerializable(typeof(PhysicalEndpoint))]
[JsonSerializable(typeof(VhostUserEndpoint))]
[JsonSerializable(typeof(BridgedMacvlanEndpoint))]
[JsonSerializable(typeof(MacvtapEndpoint))]
[JsonSerializable(typeof(TapEndpoint))]
[JsonSerializable(typeof(IPVlanEndpoint))]
[JsonSerializable(typeof(KataAgentConfig))]
[JsonSerializable(typeof(HyperConfig))]
[JsonSerializable(typeof(ShimConfig))]
[JsonSerializable(typeof(IntentDocument))]
internal sealed partial class ModelJson : JsonSerializerContext;
