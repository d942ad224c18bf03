using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Tasks;
using SafeStore.Kata;
using Xunit;

namespace SafeStore.Sandboxes.Tests;

/// <summary>A device kind of a program's own, as in docs/sandboxes.md.</summary>
public sealed record NvmeDevice : Device
{
    [JsonIgnore]
    public override string Kind => "nvme";

    public string Serial { get; init; } = string.Empty;
}

/// <summary>A payload of an intent, as in docs/sandboxes.md.</summary>
public sealed record NetNs(string Path);

[JsonSerializable(typeof(NvmeDevice))]
[JsonSerializable(typeof(NetNs))]
internal sealed partial class MyJson : JsonSerializerContext;

/// <summary>What README.md and docs/sandboxes.md show, as it stands there.</summary>
public sealed class QuickStartTests : IDisposable
{
    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task The_readmes_start_does_what_it_says()
    {
        await using var store = await SandboxStore.OpenAsync(StoreLayout.At(_test.Directory));

        await store.CreateAsync(new NewSandbox("sb-1")
        {
            State = new State { Lifecycle = Lifecycle.Ready },
            Containers =
            [new NewContainer(
            "web") { Config = new ContainerConfig { Id = "web", RootFs = "/rootfs" }, State = new State { Lifecycle = Lifecycle.Ready } }],
        });

        await using (ModelLock sandbox = await store.LockAsync("sb-1"))
        {
            await sandbox.Change()
                .Transition(Lifecycle.Ready, Lifecycle.Running)
                .Transition("web", Lifecycle.Ready, Lifecycle.Running)
                .CommitAsync();
        }

        State? state = store.Kata().Fetch<State>("sb-1", SandboxResource.State);

        Assert.Equal(Lifecycle.Running, state!.Lifecycle);
        Assert.Equal(Lifecycle.Running, Assert.Single((await store.ReadStatusAsync("sb-1")).Containers).Lifecycle);
    }

    [Fact]
    public async Task A_device_kind_of_the_programs_own_is_stored_and_read_and_a_program_without_it_keeps_it()
    {
        var model = new SandboxModel(devices: SandboxModel.Default.DeviceKinds.With("nvme", MyJson.Default.NvmeDevice));
        await using SandboxStore store = await _test.OpenAsync(model: model);
        IReadOnlyList<Device> devices = [new NvmeDevice { Id = "d1", Serial = "S1" }, new BlockDevice { Id = "d2" }];
        await store.CreateAsync(new NewSandbox("sb-1") { Devices = devices });

        await using SandboxStore other = await _test.OpenAsync();
        IReadOnlyList<Device> seen = other.Kata().Fetch<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices)!;
        await other.Kata().StoreAsync("sb-1", SandboxResource.Devices, seen);

        var raw = Assert.IsType<RawDevice>(seen[0]);
        Assert.Equal(
            ("nvme", "d1", "its kind is not known", "S1"), (raw.Kind, raw.Id, raw.Reason, raw.Data.GetProperty("Serial").GetString()));
        Assert.Equal("d2", Assert.IsType<BlockDevice>(seen[1]).Id);
        Assert.Equal(
            "S1", Assert.IsType<NvmeDevice>(store.Kata().Fetch<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices)![0]).Serial);
        Assert.Throws<ArgumentException>(
            () => new SandboxModel(devices: SandboxModel.Default.DeviceKinds.With(string.Empty, MyJson.Default.NvmeDevice)));
    }

    [Fact]
    public async Task A_handler_is_given_its_payload_as_a_type()
    {
        NetNs? undone = null;
        UndoHandlers undo = UndoHandlers.None.With("netns", MyJson.Default.NetNs, (netns, request, _) =>
        {
            undone = netns;
            return Task.CompletedTask;
        });
        await using SandboxStore store = await _test.OpenAsync(undo);
        await using (ModelLock held = await store.LockNewAsync("sb-1"))
        {
            await held.IntendAsync("netns", new NetNs("/run/netns/x"), MyJson.Default.NetNs);
            await held.UndoAsync();
        }

        Assert.Equal("/run/netns/x", undone!.Path);
        Assert.Empty(store.ReadStatuses());
    }

    [Fact]
    public async Task A_payload_that_is_not_of_its_type_counts_as_a_failure_of_the_handler()
    {
        UndoHandlers undo = UndoHandlers.None.With("netns", MyJson.Default.NetNs, static (_, _, _) => Task.CompletedTask);
        await using SandboxStore store = await _test.OpenAsync(undo);
        await using (ModelLock held = await store.LockNewAsync("sb-1"))
        {
            await held.IntendJsonAsync("netns", JsonElement.Parse("17"));
        }

        UndoFailedException failure = await Assert.ThrowsAsync<UndoFailedException>(async () => await store.LockAsync("sb-1"));

        Assert.IsType<JsonException>(failure.InnerException);
    }

    [Fact]
    public async Task A_list_of_devices_in_the_place_of_the_other_is_an_error_and_stays()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(
            new NewSandbox(
            "sb-1")
            {
                Devices = [new BlockDevice { Id = "d1" }],
                Containers =
            [new NewContainer("web") { Devices = [new ContainerDevice { Id = "d1" }] }]
            });
        (string ofSandbox, string ofContainer) = (_test.RunPath("sb-1/devices.json"), _test.RunPath("sb-1/web/devices.json"));
        File.Move(ofSandbox, ofSandbox + ".other");
        File.Move(ofContainer, ofSandbox);
        File.Move(ofSandbox + ".other", ofContainer);

        DocumentCorruptException first =
            Assert.Throws<DocumentCorruptException>(() => store.Kata().Fetch<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices));
        DocumentCorruptException second =
            Assert.Throws<DocumentCorruptException>(
            () => store.Kata().FetchContainer<IReadOnlyList<ContainerDevice>>("sb-1", "web", SandboxResource.ContainerDevices));

        Assert.Contains("a container's list of uses in a sandbox's place", first.Message, StringComparison.Ordinal);
        Assert.Contains("the shape of a sandbox's list of devices", second.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(ofSandbox) && File.Exists(ofContainer));
    }

    [Fact]
    public void The_configuration_of_an_agent_is_read_as_its_type()
    {
        SandboxModel model = SandboxModel.Default;
        var config = new SandboxConfig { AgentType = "kata", AgentConfig = model.Encode(new KataAgentConfig { LongLiveConn = true }) };

        Assert.True(model.Decode<KataAgentConfig>(config.AgentConfig)!.LongLiveConn);
        Assert.Null(model.Decode<ShimConfig>(config.ShimConfig));
        Assert.Throws<ArgumentException>(() => model.Decode<ShimConfig>(JsonElement.Parse("7")));
    }
}
