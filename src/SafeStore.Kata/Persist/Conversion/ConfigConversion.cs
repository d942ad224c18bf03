using System.Text.Json;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>The configuration of a sandbox with those of its containers.</summary>
internal static class ConfigConversion
{
    public static SandboxConfig ToSeed(string id, PersistSandboxConfig config)
    {
        PersistSandboxConfig alone = config with
        {
            HypervisorConfig = new(),
            NetworkConfig = new(),
            KataAgentConfig = null,
            KataShimConfig = null,
            ContainerConfigs = null,
        };
        return Reread.As<PersistSandboxConfig, SandboxConfig>(alone, "KataShimConfig", "ContainerConfigs") with
        {
            Id = id,
            HypervisorConfig = Reread.As<PersistHypervisorConfig, HypervisorConfig>(config.HypervisorConfig),
            AgentConfig = config.KataAgentConfig is null ? null : Reread.ToJson(config.KataAgentConfig),
            ShimConfig = ToSeed(config.KataShimConfig),
            NetworkModel = "default", // with none at all the seed would not connect the sandbox
            NetworkConfig = Reread.As<PersistNetworkConfig, NetworkConfig>(config.NetworkConfig),
            Containers = Reread.Each<PersistContainerConfig, ContainerConfig>(
                config.ContainerConfigs, static container => Reread.As<PersistContainerConfig, ContainerConfig>(container)),
        };
    }

    private static JsonElement? ToSeed(PersistShimConfig? shim) =>
        shim is null ? null : Reread.ToJson(Reread.As<PersistShimConfig, ShimConfig>(shim));
}
