using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Kata;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Cases;

/// <summary>The seed's sandbox_test.go: what is stored of states, devices and containers, and found again.</summary>
public sealed class SandboxStateCases : IDisposable
{
    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    [Trait("case", "50")]
    public async Task SetSandboxAndContainerState_in_one_transaction_is_found_again_by_another_process()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");

        await store.ChangeAsync(
            "sb-1", static edit =>
            edit.Transition(Lifecycle.Ready, Lifecycle.Running).Transition("c-1", Lifecycle.Ready, Lifecycle.Stopped));
        Assert.Equal([Lifecycle.Running, Lifecycle.Stopped], await _test.StatesAsync("sb-1"));

        await store.ChangeAsync(
            "sb-1", static edit =>
            edit.Put(CaseCalls.Model.SandboxState, CaseCalls.StateOf(Lifecycle.Ready))
            .Put("c-1", CaseCalls.Model.ContainerState, CaseCalls.StateOf(Lifecycle.Ready)));
        Assert.Equal([Lifecycle.Ready, Lifecycle.Ready], await _test.StatesAsync("sb-1"));

        Assert.True(await store.Kata().RemoveAsync("sb-1"));
        Assert.Empty(store.ReadStatuses());
    }

    [Fact]
    [Trait("case", "51")]
    public async Task SetSandboxStateFailingStoreSandboxResource()
    {
        await using SandboxStore store = await _test.OpenAsync();

        await CaseCalls.AssertFaultAsync(
            ResourceFault.SandboxIdMissing, () => store.Kata().StoreAsync("", SandboxResource.State, CaseCalls.StateOf(Lifecycle.Ready)));
        await Assert.ThrowsAsync<NotFoundException>(
            async () => await store.Kata().StoreAsync("sb-1", SandboxResource.State, CaseCalls.StateOf(Lifecycle.Ready)));
    }

    [Fact]
    [Trait("case", "52")]
    public async Task SetContainersStateFailingEmptySandboxID()
    {
        await using SandboxStore store = await _test.OpenAsync();

        await CaseCalls.AssertFaultAsync(
            ResourceFault.SandboxIdMissing, () =>
            store.Kata().StoreContainerAsync("", "100", SandboxResource.State, CaseCalls.StateOf(Lifecycle.Ready)));
    }

    [Fact]
    [Trait("case", "53")]
    public async Task DeleteContainerStateSuccessful_deletes_the_state_and_nothing_else()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "100");

        Assert.True(await store.Kata().RemoveContainerAsync("sb-1", "100", [SandboxResource.State]));

        Assert.False(File.Exists(_test.RunPath("sb-1/100/state.json")));
        Assert.NotNull(store.Kata().FetchContainer<ContainerConfig>("sb-1", "100", SandboxResource.Config));
        Assert.NotNull(store.Kata().Fetch<State>("sb-1", SandboxResource.State));
    }

    [Fact]
    [Trait("case", "54")]
    public async Task DeleteContainerStateFailingEmptySandboxID()
    {
        await using SandboxStore store = await _test.OpenAsync();

        await CaseCalls.AssertFaultAsync(
            ResourceFault.SandboxIdMissing, () => store.Kata().RemoveContainerAsync("", "100", [SandboxResource.State]));
    }

    [Fact]
    [Trait("case", "55")]
    public async Task DeleteContainersStateSuccessful_deletes_all_states_in_one_transaction()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "100", "200");
        SandboxConfig config = store.Kata().Fetch<SandboxConfig>("sb-1", SandboxResource.Config)!;

        Lsn before = await VersionAsync(store);
        await store.ChangeAsync("sb-1", edit =>
        {
            foreach (ContainerConfig container in config.Containers!)
            {
                edit.Remove(container.Id, CaseCalls.Model.ContainerState);
            }
        });

        Assert.False(File.Exists(_test.RunPath("sb-1/100/state.json")));
        Assert.False(File.Exists(_test.RunPath("sb-1/200/state.json")));
        Assert.Equal(before.Value + 1, (await VersionAsync(store)).Value);
    }

    [Fact]
    [Trait("case", "56")]
    public async Task DeleteContainersStateFailingEmptySandboxID()
    {
        await using SandboxStore store = await _test.OpenAsync();

        await Assert.ThrowsAsync<ArgumentException>(async () => await store.LockAsync(""));
        await CaseCalls.AssertFaultAsync(ResourceFault.SandboxIdMissing, () => store.Kata().RemoveAsync("", [SandboxResource.State]));
    }

    [Fact]
    [Trait("case", "57")]
    public async Task SetAnnotations_adds_and_changes_keys_durably_and_is_refused_where_there_is_no_sandbox()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(
            new NewSandbox(
            "sb-1")
            { Config = TestSandboxes.ConfigOf("sb-1") with { Annotations = new Dictionary<string, string> { ["a"] = "1" } } });

        await SetAnnotationsAsync(store, "sb-1", new Dictionary<string, string> { ["a"] = "2", ["b"] = "3" });

        await using SandboxStore other = await _test.OpenAsync();
        Assert.Equal(
            new Dictionary<string, string> { ["a"] = "2", ["b"] = "3" },
            other.Kata().Fetch<SandboxConfig>("sb-1", SandboxResource.Config)!.Annotations!);
        await Assert.ThrowsAsync<NotFoundException>(() => SetAnnotationsAsync(store, "sb-2", []));
    }

    [Fact]
    [Trait("case", "58")]
    public async Task ContainerSetStateBlockIndex_keeps_state_and_file_system_type()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "100");
        var before = new State { Lifecycle = Lifecycle.Stopped, FsType = "vfs" };
        await store.Kata().StoreContainerAsync("sb-1", "100", SandboxResource.State, before);

        await ChangeStateAsync(store, static state => state with { BlockIndex = 20 });

        Assert.Equal(
            """{"state":"stopped","BlockDeviceID":"","blockIndex":20,"fstype":"vfs","pid":0,"guestMemoryBlockSize":0}""",
            await File.ReadAllTextAsync(_test.RunPath("sb-1/100/state.json")));
    }

    [Fact]
    [Trait("case", "59")]
    public async Task ContainerStateSetFstype_keeps_state_and_block_index()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "100");
        await store.Kata().StoreContainerAsync(
            "sb-1", "100", SandboxResource.State, new State { Lifecycle = Lifecycle.Ready, FsType = "vfs", BlockIndex = 3 });

        await ChangeStateAsync(store, static state => state with { FsType = "ext4" });

        Assert.Equal(
            """{"state":"ready","BlockDeviceID":"","blockIndex":3,"fstype":"ext4","pid":0,"guestMemoryBlockSize":0}""",
            await File.ReadAllTextAsync(_test.RunPath("sb-1/100/state.json")));
    }

    [Fact]
    [Trait("case", "60")]
    public async Task SandboxAttachDevicesVFIO_stores_the_device_before_attaching_attached_and_detached()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "100");
        var found = new VfioDevice
        {
            Id = "vfio-1",
            DeviceInfo = new DeviceInfo { Id = "vfio-1", HostPath = "/dev/vfio/2", DevType = "c" },
            RefCount = 1
        };
        VfioDevice attached =
            found with
            {
                AttachCount = 1,
                VfioDevs = [new VfioFunction { Id = "vfio-1-0", Type = VfioFunctionType.Normal, Bdf = "00:1c.0" }]
            };

        foreach (VfioDevice device in new[] { found, attached, found })
        {
            await store.Kata().StoreAsync<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices, [device]);
            await using SandboxStore other = await _test.OpenAsync();
            CaseCalls.AssertSame(
                CaseCalls.Model.Devices, [device], other.Kata().Fetch<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices));
        }
    }

    [Fact]
    [Trait("case", "61")]
    public async Task AttachBlockDevice_stores_the_sandbox_state_the_device_and_the_container_in_one_transaction_each_time()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "100");
        await store.TakeBlockIndexAsync("sb-1");

        await store.ChangeAsync("sb-1", static edit =>
        {
            long index = edit.TakeBlockIndex();
            edit.Put(CaseCalls.Model.Devices,
                [new BlockDevice { Id = "block-1", AttachCount = 1,
                BlockDrive = new BlockDrive { Id = "drive-1", File = "/dev/sda", Index = index } }]);
            edit.Put("100", CaseCalls.Model.ContainerState,
                new State { Lifecycle = Lifecycle.Ready, BlockDeviceId = "block-1", BlockIndex = index });
        });

        Assert.Equal(2, store.Kata().Fetch<State>("sb-1", SandboxResource.State)!.BlockIndex);
        Assert.Equal(Lifecycle.Ready, store.Kata().Fetch<State>("sb-1", SandboxResource.State)!.Lifecycle);
        Assert.Equal(
            ("block-1", 1),
            (store.Kata().FetchContainer<State>("sb-1", "100", SandboxResource.State)!.BlockDeviceId,
            store.Kata().FetchContainer<State>("sb-1", "100", SandboxResource.State)!.BlockIndex));
        Assert.Equal(
            1, Assert.IsType<BlockDevice>(Assert.Single(store.Kata().Fetch<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices)!))
            .BlockDrive!.Index);

        State state = store.Kata().Fetch<State>("sb-1", SandboxResource.State)!;
        await store.ChangeAsync("sb-1", edit => edit
            .Put(CaseCalls.Model.SandboxState, state with { BlockIndex = 1 })
            .Put(CaseCalls.Model.Devices, [])
            .Put("100", CaseCalls.Model.ContainerState, CaseCalls.StateOf(Lifecycle.Ready)));

        Assert.Equal(1, store.Kata().Fetch<State>("sb-1", SandboxResource.State)!.BlockIndex);
        Assert.Empty(store.Kata().Fetch<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices)!);
    }

    [Fact]
    [Trait("case", "62")]
    public async Task PreAddDevice_stores_the_device_list_and_the_mount_names_its_device_so_that_it_is_not_shared_again()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "100");

        await store.ChangeAsync("sb-1", static edit => edit
            .Put(CaseCalls.Model.Devices, [new BlockDevice { Id = "block-1", RefCount = 1 }])
            .Put("100", CaseCalls.Model.ContainerDevices, [new ContainerDevice { Id = "block-1", ContainerPath = "/dev/xvda" }])
            .Put("100", CaseCalls.Model.Mounts,
                [new Mount { Source = "/dev/sda", Destination = "/data", Type = "bind", BlockDeviceId = "block-1" }]));

        await using SandboxStore other = await _test.OpenAsync();
        Mount mount = Assert.Single(other.Kata().FetchContainer<IReadOnlyList<Mount>>("sb-1", "100", SandboxResource.Mounts)!);
        Assert.Equal(mount.BlockDeviceId, Assert.Single(other.Kata().Fetch<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices)!).Id);
        Assert.Equal(
            mount.BlockDeviceId,
            Assert.Single(
                other.Kata().FetchContainer<IReadOnlyList<ContainerDevice>>("sb-1", "100", SandboxResource.ContainerDevices)!).Id);
    }

    private static async Task<Lsn> VersionAsync(SandboxStore store)
    {
        await using ModelLock held = await store.LockAsync("sb-1", LockMode.Shared);
        return held.Version;
    }

    private static async Task ChangeStateAsync(SandboxStore store, Func<State, State> change)
    {
        await using ModelLock held = await store.LockAsync("sb-1");
        await held.Change().Put("100", held.Model.ContainerState, change(held.Read("100", held.Model.ContainerState)!))
            .CommitAsync();
    }

    private static async Task SetAnnotationsAsync(SandboxStore store, string sandbox, Dictionary<string, string> annotations)
    {
        await using ModelLock held = await store.LockAsync(sandbox);
        SandboxConfig config = held.Read(held.Model.SandboxConfig)!;
        var all = new Dictionary<string, string>(config.Annotations!);
        annotations.ToList().ForEach(each => all[each.Key] = each.Value);
        await held.Change().Put(held.Model.SandboxConfig, config with { Annotations = all }).CommitAsync();
    }
}
