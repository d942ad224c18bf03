using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Kata;
using SafeStore.Sandboxes.Tests.Support;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Behaviour;

/// <summary>Sections 1.5 and 1.6: fetching, deleting.</summary>
public sealed class FetchAndDeleteTests : IDisposable
{
    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Theory]
    [Trait("behaviour", "32")]
    [InlineData("")]
    [InlineData("{\"state\":\"run")]
    [InlineData("[]")]
    [InlineData("\0\0\0")]
    public async Task A_document_that_cannot_be_read_is_an_error_never_a_zero_value(string text)
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        await File.WriteAllTextAsync(_test.RunPath("sb-1/state.json"), text);

        DocumentCorruptException failure =
            Assert.Throws<DocumentCorruptException>(() => store.Kata().Fetch<State>("sb-1", SandboxResource.State));

        Assert.EndsWith("sb-1/state.json", failure.Path, StringComparison.Ordinal);
        Assert.Equal(text, await File.ReadAllTextAsync(_test.RunPath("sb-1/state.json")));
        Assert.Null(store.Kata().FetchContainer<State>("sb-1", "none", SandboxResource.State));
    }

    [Fact]
    [Trait("behaviour", "33")]
    public async Task A_device_of_a_kind_that_is_not_known_does_not_fail_the_others_and_is_kept()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        await File.WriteAllTextAsync(
            _test.RunPath("sb-1/devices.json"),
            """[{"Type":"quantum","Data":{"ID":"q","Qubits":5}},{"Type":"vhost-user-blk-pci","Data":{"ID":"v","SocketPath":"/s"}},"""
                + """{"Type":"generic","Data":{"ID":"g"}}]""");

        IReadOnlyList<Device> devices = store.Kata().Fetch<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices)!;

        Assert.Equal(5, Assert.IsType<RawDevice>(devices[0]).Data.GetProperty("Qubits").GetInt32());
        Assert.Equal("/s", Assert.IsType<VhostUserBlkDevice>(devices[1]).SocketPath);
        Assert.Equal("g", Assert.IsType<GenericDevice>(devices[2]).Id);
    }

    [Fact]
    [Trait("behaviour", "34")]
    public async Task A_network_without_endpoints_is_read_and_an_ipvlan_endpoint_is_not_dropped()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        await File.WriteAllTextAsync(_test.RunPath("sb-1/network.json"), """{"NetNsPath":"/n"}""");
        Assert.Null(store.Kata().Fetch<NetworkNamespace>("sb-1", SandboxResource.Network)!.Endpoints);

        await store.Kata().StoreAsync(
            "sb-1", SandboxResource.Network, new NetworkNamespace { Endpoints = [new IPVlanEndpoint { PciAddress = "02/01" }] });

        Assert.Equal(
            "02/01", Assert.IsType<IPVlanEndpoint>(
            Assert.Single(store.Kata().Fetch<NetworkNamespace>("sb-1", SandboxResource.Network)!.Endpoints!)).PciAddress);
    }

    [Fact]
    [Trait("behaviour", "35")]
    public async Task A_resource_of_a_sandbox_is_refused_in_the_scope_of_a_container()
    {
        await using SandboxStore store = await _test.OpenAsync();

        ResourceArgumentException failure =
            Assert.Throws<ResourceArgumentException>(
                () => store.Kata().FetchContainer<NetworkNamespace>("sb-1", "web", SandboxResource.Network));

        Assert.Equal((ResourceFault.InvalidResource, "Invalid sandbox resource"), (failure.Fault, failure.SeedMessage));
    }

    [Fact]
    [Trait("behaviour", "36")]
    [Trait("behaviour", "41")]
    public async Task Removing_a_sandbox_removes_everything_of_it_with_its_containers_in_both_roots()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        await store.CreateAsync(Samples.Sandbox("sb-2"));

        Assert.True(await store.Kata().RemoveAsync("sb-1"));

        Assert.False(Directory.Exists(_test.ConfigPath("sb-1")) || Directory.Exists(_test.RunPath("sb-1")));
        Assert.Equal("sb-2", Assert.Single(store.ReadStatuses()).Id);
    }

    [Fact]
    [Trait("behaviour", "37")]
    public async Task Deleting_by_list_removes_only_the_listed_documents_and_an_empty_list_nothing()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        string[] before = [.. Samples.Files(_test.Layout)];

        Assert.True(await store.Kata().RemoveAsync("sb-1", []));
        Assert.Equal(before, Samples.Files(_test.Layout));
        await store.Kata().RemoveAsync("sb-1", [SandboxResource.Network, SandboxResource.Config]);
        await store.Kata().RemoveContainerAsync("sb-1", "web", [SandboxResource.Mounts]);

        Assert.Equal(
            ["config/sb-1/config.json", "run/sb-1/network.json", "run/sb-1/web/mounts.json"], before.Except(Samples.Files(_test.Layout)));
    }

    [Fact]
    [Trait("behaviour", "38")]
    public async Task A_removal_in_which_a_call_fails_is_whole_or_has_not_happened() => Assert.True(await Simulated.FailAtEachCallAsync(
        static async store => await store.CreateAsync(Samples.Sandbox("sb-1")),
        static async store => await store.Kata().RemoveAsync("sb-1"),
        static (store, isDone) =>
        {
            SandboxStatus? left = store.ReadStatuses().SingleOrDefault();
            Assert.True(isDone is null || isDone == left is null);
            Assert.True(left is null or { Config: not null, State: not null, Containers.Count: 2 });
        }) > 5);

    [Fact]
    [Trait("behaviour", "39")]
    public async Task Deleting_a_missing_sandbox_is_no_error_and_an_empty_id_is_one()
    {
        await using SandboxStore store = await _test.OpenAsync();

        Assert.False(await store.Kata().RemoveAsync("sb-1"));
        Assert.Equal(
            ResourceFault.SandboxIdMissing,
            (await Assert.ThrowsAsync<ResourceArgumentException>(async () => await store.Kata().RemoveAsync(string.Empty))).Fault);
    }

    [Fact]
    [Trait("behaviour", "40")]
    public async Task Deleting_a_container_without_its_id_is_refused_and_with_it_leaves_the_sandbox()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));

        Assert.Equal(
            ResourceFault.ContainerIdMissing,
            (await Assert.ThrowsAsync<ResourceArgumentException>(async () => await store.Kata().RemoveContainerAsync("sb-1", string.Empty)))
            .Fault);
        Assert.Equal(2, Assert.Single(store.ReadStatuses()).Containers.Count);
        Assert.True(await store.Kata().RemoveContainerAsync("sb-1", "web"));
        Assert.False(await store.Kata().RemoveContainerAsync("sb-1", "web"));

        Assert.Equal("sb-1", Assert.Single(Assert.Single(store.ReadStatuses()).Containers).Id);
        Assert.False(Directory.Exists(_test.ConfigPath("sb-1/web")) || Directory.Exists(_test.RunPath("sb-1/web")));
    }
}
