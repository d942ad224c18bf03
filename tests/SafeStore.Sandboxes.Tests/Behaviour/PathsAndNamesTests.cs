using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Kata;
using SafeStore.Sandboxes.Tests.Support;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Behaviour;

/// <summary>Section 1.1: paths and names.</summary>
public sealed class PathsAndNamesTests : IDisposable
{
    private const SandboxResource Unknown = (SandboxResource)99;

    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    [Trait("behaviour", "1")]
    public async Task The_config_root_has_only_configurations_and_the_run_root_all_else()
    {
        await using SandboxStore store = await _test.OpenAsync();

        await store.CreateAsync(Samples.Sandbox("sb-1"));

        Assert.Equal(
            [
                "config/sb-1/config.json", "config/sb-1/sb-1/config.json", "config/sb-1/web/config.json",
                "run/sb-1/agent.json", "run/sb-1/devices.json", "run/sb-1/hypervisor.json", "run/sb-1/lock", "run/sb-1/network.json",
                "run/sb-1/sb-1/devices.json", "run/sb-1/sb-1/mounts.json", "run/sb-1/sb-1/process.json", "run/sb-1/sb-1/state.json",
                "run/sb-1/state.json",
                "run/sb-1/web/devices.json", "run/sb-1/web/mounts.json", "run/sb-1/web/process.json", "run/sb-1/web/state.json",
            ],
            Samples.Files(_test.Layout));
    }

    [Fact]
    [Trait("behaviour", "1")]
    public void The_roots_are_the_seeds_and_can_be_replaced()
    {
        var seed = StoreLayout.Kata();
        var other = StoreLayout.Kata(_test.Directory);

        Assert.Equal(("/var/lib/vc/sbs", "/run/vc/sbs"), (seed.Config, seed.Run));
        Assert.Equal((_test.Directory + "/var/lib/vc/sbs", _test.Directory + "/run/vc/sbs"), (other.Config, other.Run));
    }

    [Fact]
    [Trait("behaviour", "2")]
    public async Task The_directory_of_VM_sockets_beside_the_run_root_is_left_alone()
    {
        string socket = Path.Combine(Path.GetDirectoryName(_test.Layout.Run)!, "vm", "sb-1", "console.sock");
        Directory.CreateDirectory(Path.GetDirectoryName(socket)!);
        await File.WriteAllTextAsync(socket, "not ours");

        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        Assert.True(await store.Kata().RemoveAsync("sb-1"));

        Assert.Equal("not ours", await File.ReadAllTextAsync(socket));
        Assert.Equal(
            ["sbs", "sbs.safestore", "vm"],
            Directory.GetDirectories(Path.GetDirectoryName(_test.Layout.Run)!).Select(Path.GetFileName).Order());
    }

    [Theory]
    [Trait("behaviour", "3")]
    [Trait("behaviour", "4")]
    [Trait("behaviour", "5")]
    [InlineData(SandboxResource.Config, "var/lib/vc/sbs/sb-1", "config.json")]
    [InlineData(SandboxResource.State, "run/vc/sbs/sb-1", "state.json")]
    [InlineData(SandboxResource.Network, "run/vc/sbs/sb-1", "network.json")]
    [InlineData(SandboxResource.Hypervisor, "run/vc/sbs/sb-1", "hypervisor.json")]
    [InlineData(SandboxResource.Agent, "run/vc/sbs/sb-1", "agent.json")]
    [InlineData(SandboxResource.Lock, "run/vc/sbs/sb-1", "lock")]
    [InlineData(SandboxResource.Devices, "run/vc/sbs/sb-1", "devices.json")]
    public async Task A_sandboxes_resource_lies_at_root_sandbox_file_and_the_lookup_gives_file_and_directory(
        SandboxResource resource, string directory, string file)
    {
        await using SandboxStore store = await _test.OpenAsync();

        ResourceUri uri = store.Kata().UriOf("sb-1", resource);

        Assert.Equal(new ResourceUri($"{_test.Directory}/{directory}/{file}", $"{_test.Directory}/{directory}"), uri);
        Assert.Equal(new ResourceLocation("sb-1", null, resource), store.Kata().Locate(uri.File));
    }

    [Theory]
    [Trait("behaviour", "3")]
    [Trait("behaviour", "4")]
    [Trait("behaviour", "5")]
    [InlineData(SandboxResource.Config, "var/lib/vc/sbs/sb-1/web", "config.json")]
    [InlineData(SandboxResource.State, "run/vc/sbs/sb-1/web", "state.json")]
    [InlineData(SandboxResource.Process, "run/vc/sbs/sb-1/web", "process.json")]
    [InlineData(SandboxResource.Mounts, "run/vc/sbs/sb-1/web", "mounts.json")]
    [InlineData(SandboxResource.ContainerDevices, "run/vc/sbs/sb-1/web", "devices.json")]
    public async Task A_containers_resource_lies_at_root_sandbox_container_file(SandboxResource resource, string directory, string file)
    {
        await using SandboxStore store = await _test.OpenAsync();

        ResourceUri uri = store.Kata().UriOfContainer("sb-1", "web", resource);

        Assert.Equal(new ResourceUri($"{_test.Directory}/{directory}/{file}", $"{_test.Directory}/{directory}"), uri);
        Assert.Equal(new ResourceLocation("sb-1", "web", resource), store.Kata().Locate(uri.File));
    }

    [Theory]
    [Trait("behaviour", "3")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("../out")]
    [InlineData("a/b")]
    [InlineData("a/../b")]
    [InlineData("/etc")]
    [InlineData(".hidden")]
    [InlineData("a\0b")]
    public async Task An_id_that_is_no_name_is_refused_and_not_cleaned(string id)
    {
        await using SandboxStore store = await _test.OpenAsync();

        ArgumentException[] refusals =
        [
            Assert.Throws<ArgumentException>(() => store.Kata().UriOf(id, SandboxResource.State)),
            Assert.Throws<ArgumentException>(() => store.Kata().UriOfContainer("sb-1", id, SandboxResource.State)),
            Assert.Throws<ArgumentException>(() => store.Kata().Fetch<State>(id, SandboxResource.State)),
            Assert.Throws<ArgumentException>(() => store.Kata().FetchContainer<State>("sb-1", id, SandboxResource.State)),
            await Assert.ThrowsAsync<ArgumentException>(
                async () => await store.Kata().StoreAsync(id, SandboxResource.State, Samples.Ready)),
            await Assert.ThrowsAsync<ArgumentException>(async () => await store.CreateAsync(new NewSandbox(id))),
            await Assert.ThrowsAsync<ArgumentException>(async () => await store.Kata().RemoveAsync(id)),
        ];

        Assert.All(refusals, static refusal => Assert.Contains("is refused", refusal.Message, StringComparison.Ordinal));
        Assert.Empty(Samples.Tree(_test.Layout));
    }

    [Fact]
    [Trait("behaviour", "6")]
    public async Task The_sandbox_lookup_takes_no_container_and_the_container_lookup_checks_both_ids_first()
    {
        await using SandboxStore store = await _test.OpenAsync();

        ResourceFault FaultOf(string sandbox, string container) =>
            Assert.Throws<ResourceArgumentException>(() => store.Kata().UriOfContainer(sandbox, container, Unknown)).Fault;

        Assert.Equal(_test.RunPath("sb-1/state.json"), store.Kata().UriOf("sb-1", SandboxResource.State).File);
        Assert.Equal(_test.RunPath("sb-1/web/state.json"), store.Kata().UriOfContainer("sb-1", "web", SandboxResource.State).File);
        Assert.Equal(ResourceFault.SandboxIdMissing, FaultOf("", ""));
        Assert.Equal(ResourceFault.ContainerIdMissing, FaultOf("sb-1", ""));
        Assert.Equal(ResourceFault.InvalidResource, FaultOf("sb-1", "web"));
    }

    [Theory]
    [Trait("behaviour", "7")]
    [InlineData(SandboxResource.Config, true, true)]
    [InlineData(SandboxResource.State, true, true)]
    [InlineData(SandboxResource.Network, true, false)]
    [InlineData(SandboxResource.Hypervisor, true, false)]
    [InlineData(SandboxResource.Agent, true, false)]
    [InlineData(SandboxResource.Process, false, true)]
    [InlineData(SandboxResource.Lock, true, false)]
    [InlineData(SandboxResource.Mounts, false, true)]
    [InlineData(SandboxResource.Devices, true, false)]
    [InlineData(SandboxResource.ContainerDevices, false, true)]
    public async Task A_resource_has_the_scope_that_the_seed_means_and_is_refused_in_the_other(
        SandboxResource resource, bool ofSandbox, bool ofContainer)
    {
        await using SandboxStore store = await _test.OpenAsync();

        void Check(bool isThere, Func<ResourceUri> lookup)
        {
            if (isThere)
            {
                _ = lookup();
                return;
            }

            Assert.Equal(ResourceFault.InvalidResource, Assert.Throws<ResourceArgumentException>(lookup).Fault);
        }

        Check(ofSandbox, () => store.Kata().UriOf("sb-1", resource));
        Check(ofContainer, () => store.Kata().UriOfContainer("sb-1", "web", resource));
    }

    [Fact]
    [Trait("behaviour", "8")]
    public async Task An_activity_names_the_resource_as_the_seed_does()
    {
        string id = "tags-" + Guid.NewGuid().ToString("N");
        using var activities = new Activities(id);
        await using SandboxStore store = await _test.OpenAsync();

        _ = store.Kata().Fetch<SandboxConfig>(id, SandboxResource.Config);
        _ = store.Kata().Fetch<State>(id, SandboxResource.State);
        _ = store.Kata().Fetch<NetworkNamespace>(id, SandboxResource.Network);
        _ = store.Kata().Fetch<FirecrackerState>(id, SandboxResource.Hypervisor);
        _ = store.Kata().Fetch<AgentState>(id, SandboxResource.Agent);
        _ = store.Kata().FetchContainer<ContainerProcess>(id, "web", SandboxResource.Process);
        _ = store.Kata().FetchContainer<IReadOnlyList<Mount>>(id, "web", SandboxResource.Mounts);
        _ = store.Kata().Fetch<IReadOnlyList<Device>>(id, SandboxResource.Devices);
        _ = store.Kata().FetchContainer<IReadOnlyList<ContainerDevice>>(id, "web", SandboxResource.ContainerDevices);
        KataActivities.Start("lookup", id, null, SandboxResource.Lock)!.Dispose();
        KataActivities.Start("lookup", id, null, Unknown)!.Dispose();

        Assert.Equal(
            [
                "configFileType", "stateFileType", "networkFileType", "hypervisorFileType", "agentFileType", "processFileType",
                    "mountsFileType", "devicesFileType",
                "devicesIDFileType", "lockFileType", "",
            ],
            activities.Ended.Select(static activity => activity.GetTagItem("resource")));
    }
}
