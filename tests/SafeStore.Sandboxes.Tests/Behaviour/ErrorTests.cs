using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json.Serialization;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Kata;
using SafeStore.Sandboxes.Tests.Support;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Behaviour;

/// <summary>Section 1.2: errors.</summary>
public sealed class ErrorTests : IDisposable
{
    private const SandboxResource Unknown = (SandboxResource)99;

    private static readonly Dictionary<string, Func<SandboxStore, string, Task>> s_sandboxCalls = new()
    {
        ["create"] = static async (store, id) => await store.CreateAsync(new NewSandbox(id)),
        ["resource: create"] = static async (store, id) => await store.Kata().CreateAsync(new NewSandbox(id)),
        ["lock new"] = static async (store, id) => await store.LockNewAsync(id),
        ["lock"] = static async (store, id) => await store.LockAsync(id),
        ["lock shared"] = static async (store, id) => await store.LockAsync(id, LockMode.Shared),
        ["resource: store"] = static async (store, id) => await store.Kata().StoreAsync(id, SandboxResource.State, Samples.Ready),
        ["resource: store in container"] = static async (store, id) =>
        await store.Kata().StoreContainerAsync(id, "web", SandboxResource.State, Samples.Ready),
        ["resource: fetch"] = static (store, id) => Task.FromResult(store.Kata().Fetch<State>(id, SandboxResource.State)),
        ["resource: fetch from container"] = static (store, id) =>
            Task.FromResult(store.Kata().FetchContainer<State>(id, "web", SandboxResource.State)),
        ["resource: remove"] = static async (store, id) => await store.Kata().RemoveAsync(id),
        ["resource: remove container"] = static async (store, id) => await store.Kata().RemoveContainerAsync(id, "web"),
        ["resource: uri"] = static (store, id) => Task.FromResult(store.Kata().UriOf(id, SandboxResource.Lock)),
        ["resource: uri of container"] = static (store, id) =>
            Task.FromResult(store.Kata().UriOfContainer(id, "web", SandboxResource.State)),
        ["status"] = static async (store, id) => await store.ReadStatusAsync(id),
        ["block index"] = static async (store, id) => await store.TakeBlockIndexAsync(id),
    };

    private static readonly Dictionary<string, Func<SandboxStore, ModelLock, string, Task>> s_containerCalls = new()
    {
        ["resource: store"] = static async (store, _, id) =>
            await store.Kata().StoreContainerAsync("sb-1", id, SandboxResource.State, Samples.Ready),
        ["resource: fetch"] = static (store, _, id) =>
            Task.FromResult(store.Kata().FetchContainer<State>("sb-1", id, SandboxResource.State)),
        ["resource: remove"] = static async (store, _, id) => await store.Kata().RemoveContainerAsync("sb-1", id),
        ["resource: uri"] = static (store, _, id) => Task.FromResult(store.Kata().UriOfContainer("sb-1", id, SandboxResource.State)),
        ["create"] = static async (store, _, id) => await store.CreateAsync(new NewSandbox("sb-2") { Containers = [new NewContainer(id)] }),
        ["resource: create"] = static async (store, _, id) =>
        await store.Kata().CreateAsync(new NewSandbox("sb-2") { Containers = [new NewContainer(id)] }),
        ["lock: read"] = static (_, held, id) => Task.FromResult(held.Read(id, TestSandboxes.Model.ContainerState)),
        ["change: create"] = static (_, held, id) => Task.FromResult(held.Change().CreateContainer(id)),
        ["change: put"] = static (_, held, id) =>
        Task.FromResult(held.Change().Put(id, TestSandboxes.Model.ContainerState, Samples.Ready)),
        ["change: remove document"] = static (_, held, id) => Task.FromResult(held.Change().Remove(id, TestSandboxes.Model.ContainerState)),
        ["change: remove"] = static (_, held, id) => Task.FromResult(held.Change().RemoveContainer(id)),
        ["change: transition"] = static (_, held, id) =>
        Task.FromResult(held.Change().Transition(id, Lifecycle.Ready, Lifecycle.Running)),
        ["change: require"] = static (_, held, id) => Task.FromResult(held.Change().RequireRemovable(id)),
    };

    private readonly TestSandboxes _test = new();

    public static TheoryData<string> SandboxCalls => [.. s_sandboxCalls.Keys];

    public static TheoryData<string> ContainerCalls => [.. s_containerCalls.Keys];

    public void Dispose() => _test.Dispose();

    [Theory]
    [Trait("behaviour", "9")]
    [MemberData(nameof(SandboxCalls))]
    public async Task No_call_takes_an_empty_sandbox_id_nor_one_of_blanks(string call)
    {
        await using SandboxStore store = await _test.OpenAsync();

        foreach (string? id in new[] { "", "  ", null })
        {
            ArgumentException refusal = await Assert.ThrowsAnyAsync<ArgumentException>(() => s_sandboxCalls[call](store, id!));
            AssertRefused(call, ResourceFault.SandboxIdMissing, "Sandbox ID cannot be empty", refusal);
        }

        Assert.Empty(Samples.Tree(_test.Layout));
    }

    [Theory]
    [Trait("behaviour", "10")]
    [MemberData(nameof(ContainerCalls))]
    public async Task No_call_takes_an_empty_container_id_nor_one_of_blanks(string call)
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        IReadOnlyDictionary<string, string> before = Samples.Tree(_test.Layout);
        await using ModelLock held = await store.LockAsync("sb-1");

        foreach (string? id in new[] { "", "  ", null })
        {
            ArgumentException refusal = await Assert.ThrowsAnyAsync<ArgumentException>(() => s_containerCalls[call](store, held, id!));
            AssertRefused(call, ResourceFault.ContainerIdMissing, "Container ID cannot be empty", refusal);
        }

        Assert.Equal(before, Samples.Tree(_test.Layout));
    }

    [Theory]
    [Trait("behaviour", "11")]
    [InlineData((SandboxResource)(-1))]
    [InlineData(Unknown)]
    public async Task An_unknown_resource_is_invalid_in_every_call(SandboxResource resource)
    {
        await using SandboxStore store = await _test.OpenAsync();

        ResourceArgumentException[] refusals =
        [
            Assert.Throws<ResourceArgumentException>(() => store.Kata().UriOf("sb-1", resource)),
            Assert.Throws<ResourceArgumentException>(() => store.Kata().UriOfContainer("sb-1", "web", resource)),
            Assert.Throws<ResourceArgumentException>(() => store.Kata().Fetch<State>("sb-1", resource)),
            Assert.Throws<ResourceArgumentException>(() => store.Kata().FetchContainer<State>("sb-1", "web", resource)),
            await Assert.ThrowsAsync<ResourceArgumentException>(async () => await store.Kata().StoreAsync("sb-1", resource, Samples.Ready)),
            await Assert.ThrowsAsync<ResourceArgumentException>(
            async () => await store.Kata().StoreContainerAsync("sb-1", "web", resource, Samples.Ready)),
            await Assert.ThrowsAsync<ResourceArgumentException>(async () => await store.Kata().RemoveAsync("sb-1", [resource])),
            await Assert.ThrowsAsync<ResourceArgumentException>(
                async () => await store.Kata().RemoveContainerAsync("sb-1", "web", [resource])),
        ];

        Assert.All(refusals,
            static refusal =>
            Assert.Equal((ResourceFault.InvalidResource, "Invalid sandbox resource"), (refusal.Fault, refusal.SeedMessage)));
    }

    [Fact]
    [Trait("behaviour", "11")]
    public async Task The_lock_has_a_place_but_cannot_be_stored_fetched_or_removed()
    {
        await using SandboxStore store = await _test.OpenAsync();

        ResourceArgumentException[] refusals =
        [
            Assert.Throws<ResourceArgumentException>(() => store.Kata().Fetch<State>("sb-1", SandboxResource.Lock)),
            await Assert.ThrowsAsync<ResourceArgumentException>(
            async () => await store.Kata().StoreAsync("sb-1", SandboxResource.Lock, Samples.Ready)),
            await Assert.ThrowsAsync<ResourceArgumentException>(async () => await store.Kata().RemoveAsync("sb-1", [SandboxResource.Lock])),
        ];

        Assert.All(refusals, static refusal => Assert.Equal(ResourceFault.InvalidResource, refusal.Fault));
        Assert.Equal(_test.RunPath("sb-1/lock"), store.Kata().UriOf("sb-1", SandboxResource.Lock).File);
    }

    [Fact]
    [Trait("behaviour", "11")]
    public async Task A_value_of_another_resources_type_is_refused_and_a_fetch_of_it_too()
    {
        await using SandboxStore store = await _test.OpenAsync();
        (SandboxResource Resource, object Value)[] wrong =
        [
            (SandboxResource.State, TestSandboxes.ConfigOf("sb-1")), (SandboxResource.Config, Samples.Ready),
                (SandboxResource.Network, Samples.Ready),
            (SandboxResource.Agent, Samples.Qemu), (SandboxResource.Hypervisor, Samples.Agent), (SandboxResource.Devices, Samples.Mounts),
        ];

        foreach ((SandboxResource resource, object value) in wrong)
        {
            ResourceArgumentException refusal =
                await Assert.ThrowsAsync<ResourceArgumentException>(async () => await store.Kata().StoreAsync("sb-1", resource, value));
            Assert.Equal(ResourceFault.InvalidResource, refusal.Fault);
        }

        Assert.Equal(
            ResourceFault.InvalidResource,
            Assert.Throws<ResourceArgumentException>(() => store.Kata().Fetch<State>("sb-1", SandboxResource.Config)).Fault);
    }

    [Fact]
    [Trait("behaviour", "12")]
    public async Task An_empty_path_is_no_file()
    {
        await using SandboxStore store = await _test.OpenAsync();

        foreach (string? file in new[] { "", "  ", null })
        {
            ResourceArgumentException refusal = Assert.Throws<ResourceArgumentException>(() => store.Kata().Locate(file!));
            Assert.Equal((ResourceFault.FileMissing, "File cannot be empty"), (refusal.Fault, refusal.SeedMessage));
        }
    }

    [Fact]
    [Trait("behaviour", "13")]
    public async Task A_value_of_a_type_that_no_resource_has_is_refused()
    {
        await using SandboxStore store = await _test.OpenAsync();

        foreach (object? value in new object?[] { "text", new HypervisorConfig(), Array.Empty<Device[]>(), 5, null })
        {
            ResourceArgumentException refusal =
                await Assert.ThrowsAsync<ResourceArgumentException>(
                async () => await store.Kata().StoreAsync("sb-1", SandboxResource.Config, value));
            Assert.Equal((ResourceFault.InvalidDataType, "Invalid resource data type"), (refusal.Fault, refusal.SeedMessage));
        }
    }

    [Fact]
    [Trait("behaviour", "14")]
    public async Task A_value_that_cannot_be_written_says_why_and_leaves_the_file_as_it_was()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        IReadOnlyDictionary<string, string> before = Samples.Tree(_test.Layout);
        IReadOnlyList<Device> devices = [new OddDevice { Id = "odd" }];

        ArgumentException refusal =
            await Assert.ThrowsAsync<ArgumentException>(
                async () => await store.Kata().StoreAsync("sb-1", SandboxResource.Devices, devices));

        Assert.Contains("cannot be a document 'devices.json'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("'odd' is not registered as the kind of a OddDevice", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before, Samples.Tree(_test.Layout));
    }

    [Fact]
    [Trait("behaviour", "15")]
    public async Task A_wrong_type_is_named_with_the_right_words_before_anything_is_touched()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        IReadOnlyDictionary<string, string> before = Samples.Tree(_test.Layout);

        ResourceArgumentException uses =
            await Assert.ThrowsAsync<ResourceArgumentException>(
            async () => await store.Kata().StoreAsync("sb-1", SandboxResource.Devices, Samples.ContainerDevices));
        ResourceArgumentException devices = await Assert.ThrowsAsync<ResourceArgumentException>(
            async () => await store.Kata().StoreContainerAsync("sb-1", "web", SandboxResource.ContainerDevices, Samples.Devices));
        ResourceArgumentException fetched =
            Assert.Throws<ResourceArgumentException>(
                () => store.Kata().Fetch<IReadOnlyList<ContainerDevice>>("sb-1", SandboxResource.Devices));

        Assert.Contains("the resource 'Devices' of a sandbox is not a list of ContainerDevice", uses.Message, StringComparison.Ordinal);
        Assert.Contains(
            "the resource 'ContainerDevices' of a container is not a list of Device", devices.Message, StringComparison.Ordinal);
        Assert.Contains("the resource 'Devices' of a sandbox is not a list of ContainerDevice", fetched.Message, StringComparison.Ordinal);
        Assert.Equal(before, Samples.Tree(_test.Layout));
    }

    [Fact]
    [Trait("behaviour", "16")]
    public async Task An_empty_state_is_refused_and_a_container_that_is_not_there_is_named()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        await using ModelLock held = await store.LockAsync("sb-1");

        ArgumentException to = Assert.Throws<ArgumentException>(() => held.Change().Transition(Lifecycle.Ready, Lifecycle.Unknown));
        ArgumentException from =
            Assert.Throws<ArgumentException>(() => held.Change().Transition("web", Lifecycle.Unknown, Lifecycle.Running));
        NotFoundException missing = await Assert.ThrowsAsync<NotFoundException>(
            async () => await held.Change().Put("db", TestSandboxes.Model.ContainerState, Samples.Ready).CommitAsync());

        Assert.All([to, from], static refusal => Assert.StartsWith("State cannot be empty", refusal.Message, StringComparison.Ordinal));
        Assert.Equal("container", missing.What);
        Assert.Contains("db", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("behaviour", "17")]
    public async Task A_missing_file_is_null_a_missing_sandbox_is_named_and_other_errors_of_the_system_keep_number_and_path()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(new NewSandbox("sb-1"));
        string link = _test.RunPath("sb-1/state.json");
        File.CreateSymbolicLink(link, "/etc/passwd");
        Directory.CreateDirectory(_test.RunPath("sb-1/agent.json"));

        NotFoundException missing =
            await Assert.ThrowsAsync<NotFoundException>(
                async () => await store.Kata().StoreAsync("sb-2", SandboxResource.State, Samples.Ready));
        StorageException linked = Assert.Throws<StorageException>(() => store.Kata().Fetch<State>("sb-1", SandboxResource.State));
        StorageException directory = Assert.Throws<StorageException>(() => store.Kata().Fetch<AgentState>("sb-1", SandboxResource.Agent));

        Assert.Null(store.Kata().Fetch<NetworkNamespace>("sb-1", SandboxResource.Network));
        Assert.Null(store.Kata().Fetch<State>("sb-2", SandboxResource.State));
        Assert.Equal(("sandbox", "sb-2"), (missing.What, missing.Id));
        Assert.Equal((Errno.SymbolicLink, link), (linked.Errno, linked.Path));
        Assert.Equal((Errno.IsDirectory, _test.RunPath("sb-1/agent.json")), (directory.Errno, directory.Path));
    }

    [Fact]
    [Trait("behaviour", "18")]
    public async Task A_store_checks_sandbox_id_container_id_resource_type_match_path_and_then_the_sandbox()
    {
        await using SandboxStore store = await _test.OpenAsync();

        async Task<ResourceFault> FaultOf(string sandbox, string container, SandboxResource resource, object? value) =>
            (await Assert.ThrowsAsync<ResourceArgumentException>(
                async () => await store.Kata().StoreContainerAsync(sandbox, container, resource, value))).Fault;

        Assert.Equal(ResourceFault.SandboxIdMissing, await FaultOf("", "", Unknown, "text"));
        Assert.Equal(ResourceFault.ContainerIdMissing, await FaultOf("a/b", "", Unknown, "text"));
        Assert.Equal(ResourceFault.InvalidResource, await FaultOf("a/b", "c/d", Unknown, "text"));
        Assert.Equal(ResourceFault.InvalidDataType, await FaultOf("a/b", "c/d", SandboxResource.Mounts, "text"));
        Assert.Equal(ResourceFault.InvalidResource, await FaultOf("a/b", "c/d", SandboxResource.Mounts, Samples.Ready));
        ArgumentException path =
            await Assert.ThrowsAsync<ArgumentException>(
            async () => await store.Kata().StoreContainerAsync("a/b", "c/d", SandboxResource.Mounts, Samples.Mounts));
        Assert.Contains("'a/b' is refused", path.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<NotFoundException>(
            async () => await store.Kata().StoreContainerAsync("sb-1", "c", SandboxResource.Mounts, Samples.Mounts));
    }

    [Fact]
    [Trait("behaviour", "18")]
    public async Task A_fetch_checks_sandbox_id_container_id_resource_type_match_path_and_then_the_file()
    {
        await using SandboxStore store = await _test.OpenAsync();

        ResourceFault FaultOf(string sandbox, string container, SandboxResource resource) =>
            Assert.Throws<ResourceArgumentException>(() => store.Kata().FetchContainer<string>(sandbox, container, resource)).Fault;

        Assert.Equal(ResourceFault.SandboxIdMissing, FaultOf("", "", Unknown));
        Assert.Equal(ResourceFault.ContainerIdMissing, FaultOf("a/b", "", Unknown));
        Assert.Equal(ResourceFault.InvalidResource, FaultOf("a/b", "c/d", Unknown));
        Assert.Equal(ResourceFault.InvalidResource, FaultOf("a/b", "c/d", SandboxResource.State));
        ArgumentException path =
            Assert.Throws<ArgumentException>(() => store.Kata().FetchContainer<State>("a/b", "c/d", SandboxResource.State));
        Assert.Contains("'a/b' is refused", path.Message, StringComparison.Ordinal);
        Assert.Null(store.Kata().FetchContainer<State>("sb-1", "c", SandboxResource.State));
    }

    [Fact]
    [Trait("behaviour", "19")]
    public async Task A_creation_with_an_empty_sandbox_id_says_so_and_not_what_the_system_thinks_of_it()
    {
        await using SandboxStore store = await _test.OpenAsync();

        ResourceArgumentException refusal =
            await Assert.ThrowsAsync<ResourceArgumentException>(async () => await store.Kata().CreateAsync(new NewSandbox("")));

        Assert.Equal("Sandbox ID cannot be empty", refusal.SeedMessage);
        Assert.Empty(Samples.Tree(_test.Layout));
    }

    /// <summary>The seed's calls refuse it by the seed's rule, the store's own as the engine does.</summary>
    private static void AssertRefused(string call, ResourceFault fault, string message, ArgumentException refusal)
    {
        Assert.Equal(call.StartsWith("resource: ", StringComparison.Ordinal), refusal is ResourceArgumentException);
        if (refusal is ResourceArgumentException seeds)
        {
            Assert.Equal((fault, message), (seeds.Fault, seeds.SeedMessage));
            Assert.Contains(message, seeds.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>A device of a kind that the model does not know.</summary>
    private sealed record OddDevice : Device
    {
        [JsonIgnore]
        public override string Kind => "odd";
    }
}
