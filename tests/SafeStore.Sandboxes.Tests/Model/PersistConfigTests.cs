using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using SafeStore.Kata;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Model;

public sealed class PersistConfigTests
{
    private static readonly PersistTree s_tree = PersistTree.Read("sandbox-1-3ea6b94fe1470b81");
    private static readonly PersistSandboxConfig s_persist = s_tree.Sandbox.Config;
    private static readonly SandboxConfig s_config = s_tree.Convert().Config;

    public static TheoryData<string> Sandboxes => [.. PersistTree.Ids];

    [Theory]
    [MemberData(nameof(Sandboxes))]
    public void A_configuration_of_persist_json_is_the_seeds(string id)
    {
        PersistTree tree = PersistTree.Read(id);
        PersistSandboxConfig persist = tree.Sandbox.Config;
        SandboxConfig config = tree.Convert().Config;

        Assert.Equal(
            (id, persist.HypervisorType, persist.AgentType, persist.ProxyType, persist.ShimType),
            (config.Id, config.HypervisorType, config.AgentType, config.ProxyType, config.ShimType));
        Assert.Equal((persist.ProxyConfig.Path, persist.ProxyConfig.Debug), (config.ProxyConfig.Path, config.ProxyConfig.Debug));
        Assert.Equal(
            (persist.ShmSize, persist.SharePidNs, persist.Stateful, persist.SystemdCgroup, persist.DisableGuestSeccomp),
            (config.ShmSize, config.SharePidNs, config.Stateful, config.SystemdCgroup, config.DisableGuestSeccomp));
    }

    [Fact]
    public void What_the_seeds_configuration_lacks_is_kept_as_unknown_members()
    {
        Assert.Equal(
            ["EnableAgentPidNs", "Experimental", "SandboxCgroupOnly", "cgroups"], s_config.Unknown!.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(s_persist.Cgroups!.CpuMax, s_config.Unknown["cgroups"].GetProperty("cpu_max").GetString());
    }

    [Fact]
    public void The_network_is_connected_as_the_successor_does() =>
        Assert.Equal(
            ("default", s_persist.NetworkConfig.NetNsPath, s_persist.NetworkConfig.InterworkingModel, false),
            (s_config.NetworkModel, s_config.NetworkConfig.NetNsPath, s_config.NetworkConfig.InterworkingModel,
            s_config.NetworkConfig.NetmonConfig.Enable));

    [Theory]
    [MemberData(nameof(Sandboxes))]
    public void Every_member_of_the_hypervisors_configuration_is_taken_over(string id)
    {
        PersistTree tree = PersistTree.Read(id);
        JsonElement expected = Reread.ToJson(tree.Sandbox.Config.HypervisorConfig);
        JsonElement actual = Reread.ToJson(tree.Convert().Config.HypervisorConfig);

        Assert.Equal(57, expected.EnumerateObject().Count());
        Assert.All(expected.EnumerateObject(),
            member => Assert.True(JsonElement.DeepEquals(member.Value, actual.GetProperty(member.Name)), member.Name));
        Assert.Equal(35 + 2, actual.EnumerateObject().Count() - tree.Convert().Config.HypervisorConfig.Unknown!.Count);
    }

    [Fact]
    public void The_agents_and_the_shims_configuration_are_the_seeds()
    {
        PersistTree tree =
            PersistTree.Ids.Select(PersistTree.Read)
            .First(static tree => tree.Sandbox.Config is { KataShimConfig: not null, KataAgentConfig: not null });
        SandboxConfig config = tree.Convert().Config;
        KataAgentConfig agent = config.AgentConfig!.Value.Deserialize(ModelJson.Default.KataAgentConfig)!;
        ShimConfig shim = config.ShimConfig!.Value.Deserialize(ModelJson.Default.ShimConfig)!;

        Assert.Equal(
            (tree.Sandbox.Config.KataAgentConfig!.LongLiveConn, tree.Sandbox.Config.KataAgentConfig.UseVsock),
            (agent.LongLiveConn, agent.UseVsock));
        Assert.Equal(
            (tree.Sandbox.Config.KataShimConfig!.Path, tree.Sandbox.Config.KataShimConfig.Debug, false),
            (shim.Path, shim.Debug, shim.Trace));
    }

    [Fact]
    public void An_agent_or_shim_without_a_configuration_has_none()
    {
        SandboxConfig config = PersistConversion.Convert("s", new PersistSandbox(), new Dictionary<string, PersistContainer>()).Config;

        Assert.Null(config.AgentConfig);
        Assert.Null(config.ShimConfig);
        Assert.Null(config.Containers);
    }

    [Fact]
    public void Unknown_members_of_a_configuration_survive()
    {
        const string Json = """
            {"Config":{"New":1,"HypervisorConfig":{"New":2,"KernelParams":"no list"},"NetworkConfig":{"New":3},"ProxyConfig":{"New":4},
              "KataAgentConfig":{"New":5},"KataShimConfig":{"New":6},"ContainerConfigs":[{"New":7}]}}
            """;
        PersistSandbox sandbox = PersistTree.Parse(PersistDocuments.Sandbox, Json);

        SandboxConfig config = PersistConversion.Convert("s", sandbox, new Dictionary<string, PersistContainer>()).Config;

        Assert.Equal(
            (1, 2, 3, 4, 7),
            (New(config), New(config.HypervisorConfig), New(config.NetworkConfig), New(config.ProxyConfig), New(config.Containers![0])));
        Assert.Equal(
            (5, 6), (config.AgentConfig!.Value.GetProperty("New").GetInt32(), config.ShimConfig!.Value.GetProperty("New").GetInt32()));
        Assert.DoesNotContain("KernelParams", config.HypervisorConfig.Unknown!.Keys);
    }

    private static int New(StoredObject converted) => converted.Unknown!["New"].GetInt32();
}
