using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Kata;
using SafeStore.Sandboxes.Tests.Support;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Behaviour;

/// <summary>Sections 1.3 and 1.4: creating all resources, storing.</summary>
[Collection(nameof(UmaskGroup))]
public sealed class CreateAndStoreTests : IDisposable
{
    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;
    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    [Trait("behaviour", "20")]
    [Trait("behaviour", "23")]
    public async Task Creating_all_resources_is_one_transaction_that_no_failing_call_leaves_half_made()
    {
        int failures = await Simulated.FailAtEachCallAsync(
            static async store => await store.CreateAsync(Samples.Sandbox("other")),
            static async store => await store.CreateAsync(Samples.Sandbox("sb-1")),
            static (store, isDone) =>
            {
                SandboxStatus? made = store.ReadStatuses().SingleOrDefault(static status => status.Id == "sb-1");
                Assert.True(isDone is null || isDone == made is not null);
                Assert.True(made is null or { Containers.Count: 2, Config: not null, State: not null, Errors.Count: 0 });
                Assert.Equal(2, store.ReadStatuses().Single(static status => status.Id == "other").Containers.Count);
            });

        Assert.True(failures > 20, $"{failures}");
    }

    [Fact]
    [Trait("behaviour", "21")]
    public async Task Directories_have_exactly_mode_0750_and_documents_0640_whatever_the_umask()
    {
        uint before = Native.SetUmask(0x3F); // 077
        try
        {
            await using SandboxStore store = await _test.OpenAsync();
            await store.CreateAsync(Samples.Sandbox("sb-1"));
        }
        finally
        {
            _ = Native.SetUmask(before);
        }

        Assert.All(
            new[] { _test.ConfigPath("sb-1"), _test.RunPath("sb-1"), _test.ConfigPath("sb-1/web"), _test.RunPath("sb-1/web") },
            static path => Assert.Equal(DirectoryMode, File.GetUnixFileMode(path)));
        Assert.All(new[] { _test.ConfigPath("sb-1/config.json"), _test.RunPath("sb-1/web/process.json") },
            static path => Assert.Equal(FileMode, File.GetUnixFileMode(path)));
    }

    [Fact]
    [Trait("behaviour", "22")]
    public async Task The_lock_file_is_there_from_the_start_and_later_transactions_keep_it()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        using ForeignProcess holder = await ForeignProcess.HoldAsync(_test.RunPath("sb-1/lock"), LockMode.Shared);

        await using (ModelLock shared = await store.LockAsync("sb-1", LockMode.Shared, TimeSpan.Zero))
        {
            Assert.NotNull(shared.Read(TestSandboxes.Model.SandboxState));
        }

        await holder.EndAsync();
        await store.Kata().StoreAsync("sb-1", SandboxResource.State, Samples.Ready);
        Assert.False(await ExcludesOthersAfterReleaseAsync(store));
    }

    [Fact]
    [Trait("behaviour", "24")]
    public async Task No_context_is_kept_a_cancelled_creation_does_not_hinder_the_next_call()
    {
        await using SandboxStore store = await _test.OpenAsync();
        using var cancelled = new System.Threading.CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await store.CreateAsync(Samples.Sandbox("sb-1"), cancellationToken: cancelled.Token));
        await store.CreateAsync(Samples.Sandbox("sb-1"));

        Assert.Single(store.ReadStatuses());
    }

    [Fact]
    [Trait("behaviour", "25")]
    public async Task Creating_over_an_existing_sandbox_is_refused_and_its_files_stay()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        SortedDictionary<string, string> before = Samples.Tree(_test.Layout);

        await Assert.ThrowsAsync<AlreadyExistsException>(
            async () => await store.CreateAsync(new NewSandbox("sb-1") { State = new State { Lifecycle = Lifecycle.Stopped } }));

        Assert.Equal(before, Samples.Tree(_test.Layout));
    }

    [Fact]
    [Trait("behaviour", "26")]
    public async Task Storing_writes_compact_json_and_a_failed_write_is_reported_and_changes_nothing()
    {
        await using (SandboxStore store = await _test.OpenAsync())
        {
            await store.CreateAsync(new NewSandbox("sb-1"));
            await store.Kata().StoreAsync("sb-1", SandboxResource.Agent, Samples.Agent);
        }

        Assert.Equal("""{"ProxyPid":12,"URL":"unix:///run/vc/sock"}""", await File.ReadAllTextAsync(_test.RunPath("sb-1/agent.json")));
        await Simulated.FailAtEachCallAsync(
            static async store => await store.CreateAsync(Samples.Sandbox("sb-1")),
            static async store => await store.Kata().StoreAsync("sb-1", SandboxResource.Agent, new AgentState { ProxyPid = 1 }),
            static (store, isDone) =>
            {
                long pid = store.Kata().Fetch<AgentState>("sb-1", SandboxResource.Agent)!.ProxyPid;
                Assert.True(isDone is null ? pid is 1 or 12 : pid == (isDone.Value ? 1 : 12));
            });
    }

    [Fact]
    [Trait("behaviour", "27")]
    public async Task Devices_are_wrapped_as_type_and_data_and_a_containers_uses_are_a_plain_array()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));

        JsonElement devices = JsonElement.Parse(await File.ReadAllBytesAsync(_test.RunPath("sb-1/devices.json")));
        JsonElement uses = JsonElement.Parse(await File.ReadAllBytesAsync(_test.RunPath("sb-1/web/devices.json")));

        Assert.Equal(["block", "generic"], devices.EnumerateArray().Select(static device => device.GetProperty("Type").GetString()));
        Assert.Equal("/dev/sdb", devices[0].GetProperty("Data").GetProperty("BlockDrive").GetProperty("File").GetString());
        Assert.Equal("""[{"ID":"d1","ContainerPath":"/dev/x"}]""", uses.GetRawText());
    }

    [Fact]
    [Trait("behaviour", "28")]
    public async Task Storing_makes_neither_a_sandbox_nor_a_container()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(new NewSandbox("sb-1"));

        await Assert.ThrowsAsync<NotFoundException>(
            async () => await store.Kata().StoreAsync("sb-2", SandboxResource.State, Samples.Ready));
        await Assert.ThrowsAsync<NotFoundException>(
            async () => await store.Kata().StoreContainerAsync("sb-1", "web", SandboxResource.State, Samples.Ready));

        Assert.False(Directory.Exists(_test.RunPath("sb-2")) || Directory.Exists(_test.RunPath("sb-1/web")));
    }

    [Fact]
    [Trait("behaviour", "29")]
    public async Task Hypervisor_and_agent_states_are_stored_like_the_others_and_a_hypervisor_of_ones_own_by_a_kind_of_ones_own()
    {
        DocumentKind<NetNs> own = DocumentKind.OfSandbox("hypervisor.json", StoreRoot.Run, MyJson.Default.NetNs);
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(new NewSandbox("sb-1"));

        await store.Kata().StoreAsync("sb-1", SandboxResource.Hypervisor, Samples.Qemu);
        await store.Kata().StoreAsync("sb-1", SandboxResource.Agent, Samples.Agent);
        Samples.AssertSame(TestSandboxes.Model.Qemu, Samples.Qemu, store.Kata().Fetch<QemuState>("sb-1", SandboxResource.Hypervisor));
        await store.Kata().StoreAsync("sb-1", SandboxResource.Hypervisor, new FirecrackerState { Pid = 7 });
        Assert.Equal(7, store.Kata().Fetch<FirecrackerState>("sb-1", SandboxResource.Hypervisor)!.Pid);
        await using ModelLock held = await store.LockAsync("sb-1");
        await held.Change().Put(own, new NetNs("/x")).CommitAsync();

        Assert.Equal("/x", held.Read(own)!.Path);
    }

    [Fact]
    [Trait("behaviour", "30")]
    public async Task A_configuration_is_taken_only_in_its_scope_and_with_the_id_of_its_place()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));

        Assert.Equal(ResourceFault.InvalidResource, (await Assert.ThrowsAsync<ResourceArgumentException>(
            async () => await store.Kata().StoreAsync("sb-1", SandboxResource.Config, new ContainerConfig { Id = "sb-1" }))).Fault);
        Assert.Equal(ResourceFault.InvalidResource, (await Assert.ThrowsAsync<ResourceArgumentException>(
            async () => await store.Kata().StoreContainerAsync("sb-1", "web", SandboxResource.Config, new SandboxConfig { Id = "web" })))
                .Fault);
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await store.Kata().StoreAsync("sb-1", SandboxResource.Config, TestSandboxes.ConfigOf("sb-2")));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await store.Kata().StoreContainerAsync("sb-1", "web", SandboxResource.Config, new ContainerConfig { Id = "db" }));
    }

    [Fact]
    [Trait("behaviour", "31")]
    public async Task Each_store_replaces_the_whole_document_and_a_version_that_has_passed_is_refused()
    {
        await using SandboxStore store = await _test.OpenAsync();
        Lsn created = await store.CreateAsync(Samples.Sandbox("sb-1"));
        await store.Kata().StoreAsync("sb-1", SandboxResource.State, new State { Lifecycle = Lifecycle.Stopped });

        await using ModelLock held = await store.LockAsync("sb-1");

        Assert.Equal(
            (string.Empty, 0),
            (held.Read(TestSandboxes.Model.SandboxState)!.FsType, held.Read(TestSandboxes.Model.SandboxState)!.BlockIndex));
        await Assert.ThrowsAsync<VersionConflictException>(
            async () => await held.Change().RequireVersion(created).Put(TestSandboxes.Model.SandboxState, Samples.Ready).CommitAsync());
    }

    private async Task<bool> ExcludesOthersAfterReleaseAsync(SandboxStore store)
    {
        await using (ModelLock held = await store.LockAsync("sb-1", timeout: TimeSpan.Zero))
        {
            Assert.False(await ForeignProcess.CanLockAsync(_test.RunPath("sb-1/lock")));
        }

        return !await ForeignProcess.CanLockAsync(_test.RunPath("sb-1/lock"));
    }
}
