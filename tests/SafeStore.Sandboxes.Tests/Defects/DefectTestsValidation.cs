using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using SafeStore.Kata;
using SafeStore.Sandboxes.Tests.Cases;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Defects;

/// <summary>docs/kata-defects.md, 36 to 48: validation and security.</summary>
public sealed class DefectTestsValidation : IDisposable
{
    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Theory]
    [InlineData("../out")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("/")]
    [InlineData("/out")]
    [InlineData("sb-1/out")]
    [InlineData(".safestore")]
    public async Task An_id_that_is_a_path_is_refused_by_every_call_and_nothing_is_written_or_deleted(string id)
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        SortedDictionary<string, string> before = _test.Tree();

        await Assert.ThrowsAsync<ArgumentException>(async () => await store.CreateAsync(new NewSandbox(id)));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await store.CreateAsync(new NewSandbox("sb-2") { Containers = [new NewContainer(id)] }));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.LockAsync(id));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.LockNewAsync(id));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.ReadStatusAsync(id));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.Kata().StoreAsync(id, SandboxResource.State, new State()));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await store.Kata().StoreContainerAsync("sb-1", id, SandboxResource.State, new State()));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.Kata().RemoveAsync(id));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.Kata().RemoveContainerAsync(id, "c-1"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.Kata().RemoveContainerAsync("sb-1", id));
        Assert.Throws<ArgumentException>(() => store.Kata().Fetch<State>(id, SandboxResource.State));
        Assert.Throws<ArgumentException>(() => store.Kata().FetchContainer<State>("sb-1", id, SandboxResource.State));
        Assert.Throws<ArgumentException>(() => store.Kata().UriOf(id, SandboxResource.State));
        Assert.Throws<ArgumentException>(() => store.Kata().UriOf(id, SandboxResource.Lock));
        Assert.Throws<ArgumentException>(() => store.Kata().UriOfContainer("sb-1", id, SandboxResource.State));

        Assert.Equal(before, _test.Tree());
        Assert.Empty(Directory.GetFileSystemEntries(_test.Directory, "out", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("state.json")]
    [InlineData("network.json")]
    [InlineData("hypervisor.json")]
    [InlineData("agent.json")]
    [InlineData("process.json")]
    [InlineData("mounts.json")]
    [InlineData("devices.json")]
    [InlineData("persist.json")]
    [InlineData("intents.json")]
    [InlineData("lock")]
    [InlineData("tempDir")]
    public async Task A_container_cannot_have_the_name_of_something_else_in_its_sandbox(string id)
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");
        SortedDictionary<string, string> before = _test.Tree();

        await Assert.ThrowsAsync<ArgumentException>(() => store.ChangeAsync("sb-1", edit => edit.CreateContainer(id)));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await store.CreateAsync(new NewSandbox("sb-2") { Containers = [new NewContainer(id)] }));

        Assert.Equal(before, _test.Tree());
    }

    [Fact]
    public async Task A_sandbox_that_exists_is_not_created_over_and_keeps_all_it_has()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        await store.MoveAllAsync("sb-1", Lifecycle.Ready, Lifecycle.Running);
        SortedDictionary<string, string> before = _test.Tree();

        await Assert.ThrowsAsync<AlreadyExistsException>(async () => await store.CreateAsync(CaseCalls.Ready("sb-1", "c-1", "c-2")));
        await Assert.ThrowsAsync<AlreadyExistsException>(async () => await store.LockNewAsync("sb-1"));

        Assert.Equal(before, _test.Tree());
    }

    [Fact]
    public async Task A_sandbox_made_anew_has_nothing_of_the_old_one()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        await store.MoveAllAsync("sb-1", Lifecycle.Ready, Lifecycle.Running);
        await store.Kata().RemoveAsync("sb-1");

        await store.CreateAsync(new NewSandbox("sb-1"));

        SandboxStatus status = await store.ReadStatusAsync("sb-1");
        Assert.Equal((Lifecycle.Unknown, null, 0), (status.Lifecycle, status.Config, status.Containers.Count));
        Assert.Empty(store.Store.ListDocuments("sb-1"));
    }

    [Fact]
    public async Task A_second_container_of_an_id_is_told_and_the_first_one_keeps_all_it_has()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        await store.Kata().StoreContainerAsync("sb-1", "c-1", SandboxResource.Process, new ContainerProcess { Pid = 4711 });
        SortedDictionary<string, string> before = _test.Tree();
        var second = new NewContainer("c-1") { State = CaseCalls.StateOf(Lifecycle.Ready), Process = new ContainerProcess { Pid = 1 } };

        AlreadyExistsException failure =
            await Assert.ThrowsAsync<AlreadyExistsException>(() => store.ChangeAsync("sb-1", edit => edit.Put(second)));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await store.CreateAsync(new NewSandbox("sb-2") { Containers = [second, second] }));

        Assert.Equal("container", failure.What);
        Assert.Equal(before, _test.Tree());
    }

    [Fact]
    public async Task A_container_whose_creation_failed_is_in_no_list_that_is_stored_later()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        await using (ModelLock held = await store.LockAsync("sb-1"))
        {
            SandboxConfig config = held.Read(held.Model.SandboxConfig)!;
            ModelChange failing = held.Change()
                .Put(held.Model.SandboxConfig, config with { Containers = [.. config.Containers!, CaseCalls.ConfigOf("c-2")] })
                .CreateContainer("c-2")
                .CreateContainer("c-1");
            await Assert.ThrowsAsync<AlreadyExistsException>(async () => await failing.CommitAsync());
            await held.Change().Transition(Lifecycle.Ready, Lifecycle.Running).CommitAsync();
        }

        Assert.Equal("c-1", Assert.Single(store.Kata().Fetch<SandboxConfig>("sb-1", SandboxResource.Config)!.Containers!).Id);
        Assert.Equal(["c-1"], store.Store.ListContainers("sb-1"));
    }

    [Fact]
    public async Task A_configuration_of_another_sandbox_or_container_or_scope_is_refused()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        SortedDictionary<string, string> before = _test.Tree();

        await Assert.ThrowsAsync<ArgumentException>(
            async () => await store.Kata().StoreAsync("sb-1", SandboxResource.Config, TestSandboxes.ConfigOf("sb-2")));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await store.Kata().StoreContainerAsync("sb-1", "c-1", SandboxResource.Config, CaseCalls.ConfigOf("c-2")));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await store.CreateAsync(new NewSandbox("sb-2") { Config = TestSandboxes.ConfigOf("sb-1") }));
        await CaseCalls.AssertFaultAsync(
            ResourceFault.InvalidResource, () => store.Kata().StoreAsync("sb-1", SandboxResource.Config, CaseCalls.ConfigOf("sb-1")));
        await CaseCalls.AssertFaultAsync(
            ResourceFault.InvalidResource, () =>
            store.Kata().StoreContainerAsync("sb-1", "c-1", SandboxResource.Config, TestSandboxes.ConfigOf("c-1")));

        Assert.Equal(before, _test.Tree());
    }

    [Fact]
    public async Task A_state_that_is_none_of_the_four_is_kept_as_text_and_leads_nowhere()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        await _test.WriteRunFileAsync("sb-1/state.json", """{"state":"creating"}""");

        Assert.Equal(Lifecycle.Unknown, (await store.ReadStatusAsync("sb-1")).Lifecycle);
        foreach (Lifecycle to in Enum.GetValues<Lifecycle>())
        {
            Assert.False(Lifecycle.Unknown.MayBecome(to));
            Assert.False(to.MayBecome(Lifecycle.Unknown));
        }

        await Assert.ThrowsAsync<InvalidTransitionException>(
            () => store.ChangeAsync("sb-1", static edit => edit.Transition(Lifecycle.Ready, Lifecycle.Running)));
        await Assert.ThrowsAsync<ArgumentException>(
            () => store.ChangeAsync("sb-1", static edit => edit.Transition("c-1", Lifecycle.Ready, Lifecycle.Unknown)));
        await store.TakeBlockIndexAsync("sb-1");
        Assert.Equal(
            ("creating", 1),
            (store.Kata().Fetch<State>("sb-1", SandboxResource.State)!.Text,
                store.Kata().Fetch<State>("sb-1", SandboxResource.State)!.BlockIndex));
    }
}
