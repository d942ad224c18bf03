using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using SafeStore.Kata;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Cases;

/// <summary>The seed's sandbox_test.go: making, states, paths.</summary>
public sealed class SandboxCases : IDisposable
{
    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    [Trait("case", "28")]
    public async Task CreateEmtpySandbox_is_refused_and_leaves_nothing()
    {
        await using SandboxStore store = await _test.OpenAsync();
        SortedDictionary<string, string> before = _test.Tree();

        await Assert.ThrowsAsync<ArgumentException>(
            async () => await store.CreateAsync(new NewSandbox("sb-1") { Config = new SandboxConfig() }));

        Assert.Equal(before, _test.Tree());
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("/kernel", "")]
    [InlineData("", "/image")]
    [Trait("case", "29")]
    public async Task CreateEmtpyHypervisorSandbox_needs_a_kernel_and_an_image(string kernel, string image)
    {
        await using SandboxStore store = await _test.OpenAsync();
        SortedDictionary<string, string> before = _test.Tree();
        var hypervisor = new HypervisorConfig { KernelPath = kernel, ImagePath = image };
        var config = new SandboxConfig { Id = "sb-1", HypervisorConfig = hypervisor };

        await Assert.ThrowsAsync<ArgumentException>(async () => await store.Kata().CreateAsync(new NewSandbox("sb-1") { Config = config }));

        Assert.Equal(before, _test.Tree());
    }

    [Fact]
    [Trait("case", "30")]
    public async Task CreateMockSandbox_is_found_again_by_another_process()
    {
        await using (SandboxStore store = await _test.OpenAsync())
        {
            await store.CreateAsync(CaseCalls.Ready("sb-1", "c-1"));
        }

        await using SandboxStore again = await _test.OpenAsync();
        SandboxStatus status = Assert.Single(again.ReadStatuses());
        Assert.Equal(("sb-1", Lifecycle.Ready, "c-1"), (status.Id, status.Lifecycle, Assert.Single(status.Containers).Id));
    }

    [Fact]
    [Trait("case", "31")]
    public async Task CreateSandboxEmtpyID()
    {
        await using SandboxStore store = await _test.OpenAsync();

        await CaseCalls.AssertFaultAsync(
            ResourceFault.SandboxIdMissing, () => store.Kata().CreateAsync(new NewSandbox("") { Config = TestSandboxes.ConfigOf("") }));
        Assert.Empty(store.ReadStatuses());
    }

    [Fact]
    [Trait("case", "32")]
    public Task StateReadyRunning() => AllowedAsync(Lifecycle.Ready, Lifecycle.Running);

    [Fact]
    [Trait("case", "33")]
    public Task StateRunningPaused() => AllowedAsync(Lifecycle.Running, Lifecycle.Paused);

    [Fact]
    [Trait("case", "34")]
    public Task StatePausedRunning() => AllowedAsync(Lifecycle.Paused, Lifecycle.Running);

    [Fact]
    [Trait("case", "35")]
    public Task StatePausedStopped() => AllowedAsync(Lifecycle.Paused, Lifecycle.Stopped);

    [Fact]
    [Trait("case", "36")]
    public Task StateRunningStopped() => AllowedAsync(Lifecycle.Running, Lifecycle.Stopped);

    [Fact]
    [Trait("case", "37")]
    public Task StateReadyPaused_which_goes_from_ready_to_stopped() => AllowedAsync(Lifecycle.Ready, Lifecycle.Stopped);

    [Fact]
    [Trait("case", "38")]
    public Task StatePausedReady_which_goes_from_stopped_to_ready() => RefusedAsync(Lifecycle.Stopped, Lifecycle.Stopped, Lifecycle.Ready);

    [Theory]
    [InlineData(Lifecycle.Ready, Lifecycle.Ready)]
    [InlineData(Lifecycle.Ready, Lifecycle.Paused)]
    [InlineData(Lifecycle.Running, Lifecycle.Ready)]
    [InlineData(Lifecycle.Paused, Lifecycle.Ready)]
    [InlineData(Lifecycle.Stopped, Lifecycle.Paused)]
    [Trait("case", "38")]
    public Task All_other_transitions_are_refused_too(Lifecycle from, Lifecycle to) => RefusedAsync(from, from, to);

    [Fact]
    [Trait("case", "39")]
    [Trait("case", "43")]
    public async Task SandboxDirConfig_and_SandboxFileConfig()
    {
        await using SandboxStore store = await _test.OpenAsync();

        Assert.Equal(
            new ResourceUri(_test.ConfigPath("sb-1/config.json"), _test.ConfigPath("sb-1")),
                store.Kata().UriOf("sb-1", SandboxResource.Config));
        Assert.Equal(
            new ResourceUri(_test.ConfigPath("sb-1/c-1/config.json"), _test.ConfigPath("sb-1/c-1")),
            store.Kata().UriOfContainer("sb-1", "c-1", SandboxResource.Config));
    }

    [Fact]
    [Trait("case", "40")]
    [Trait("case", "44")]
    public async Task SandboxDirState_and_SandboxFileState()
    {
        await using SandboxStore store = await _test.OpenAsync();

        Assert.Equal(
            new ResourceUri(_test.RunPath("sb-1/state.json"), _test.RunPath("sb-1")), store.Kata().UriOf("sb-1", SandboxResource.State));
        Assert.Equal(
            new ResourceUri(_test.RunPath("sb-1/c-1/state.json"), _test.RunPath("sb-1/c-1")),
            store.Kata().UriOfContainer("sb-1", "c-1", SandboxResource.State));
    }

    [Fact]
    [Trait("case", "41")]
    [Trait("case", "45")]
    public async Task SandboxDirLock_and_SandboxFileLock_lie_in_the_run_root()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");

        ResourceUri uri = store.Kata().UriOf("sb-1", SandboxResource.Lock);

        Assert.Equal(new ResourceUri(_test.RunPath("sb-1/lock"), _test.RunPath("sb-1")), uri);
        Assert.True(File.Exists(uri.File));
    }

    [Fact]
    [Trait("case", "42")]
    [Trait("case", "46")]
    public async Task SandboxDirNegative_and_SandboxFileNegative()
    {
        await using SandboxStore store = await _test.OpenAsync();

        foreach (SandboxResource resource in Enum.GetValues<SandboxResource>())
        {
            CaseCalls.AssertFault(ResourceFault.SandboxIdMissing, () => store.Kata().UriOf("", resource));
            CaseCalls.AssertFault(ResourceFault.SandboxIdMissing, () => store.Kata().UriOfContainer("", "c-1", resource));
        }

        CaseCalls.AssertFault(ResourceFault.FileMissing, () => store.Kata().Locate(""));
    }

    [Theory]
    [InlineData("ready", Lifecycle.Ready)]
    [InlineData("running", Lifecycle.Running)]
    [InlineData("paused", Lifecycle.Paused)]
    [InlineData("stopped", Lifecycle.Stopped)]
    [Trait("case", "47")]
    public void StateValidSuccessful(string text, Lifecycle lifecycle)
    {
        Assert.Equal(lifecycle, new State { Text = text }.Lifecycle);
        Assert.Equal(text, lifecycle.ToText());
    }

    [Fact]
    [Trait("case", "48")]
    public void StateValidFailing_and_an_empty_state_cannot_be_set()
    {
        Assert.Equal(Lifecycle.Unknown, new State { Text = "" }.Lifecycle);
        Assert.Equal(Lifecycle.Unknown, new State { Text = "Ready" }.Lifecycle);
        Assert.Throws<ArgumentException>(() => Lifecycle.Unknown.ToText());
    }

    [Fact]
    [Trait("case", "49")]
    public Task ValidTransitionFailingOldStateMismatch() => RefusedAsync(Lifecycle.Ready, Lifecycle.Paused, Lifecycle.Running);

    private async Task AllowedAsync(Lifecycle from, Lifecycle to)
    {
        await using SandboxStore store = await CreateAsync(from);

        await store.MoveAllAsync("sb-1", from, to);

        Assert.Equal([to, to], await _test.StatesAsync("sb-1"));
    }

    private async Task RefusedAsync(Lifecycle stored, Lifecycle from, Lifecycle to)
    {
        await using SandboxStore store = await CreateAsync(stored);
        SortedDictionary<string, string> before = _test.Tree();
        await using (ModelLock held = await store.LockAsync("sb-1"))
        {
            InvalidTransitionException ofSandbox = Assert.Throws<InvalidTransitionException>(() => held.Change().Transition(from, to));
            InvalidTransitionException ofContainer =
                Assert.Throws<InvalidTransitionException>(() => held.Change().Transition("c-1", from, to));
            Assert.Equal((stored, from, to), (ofSandbox.Actual, ofSandbox.From, ofSandbox.To));
            Assert.Equal((stored, from, to), (ofContainer.Actual, ofContainer.From, ofContainer.To));
        }

        Assert.Equal(before, _test.Tree());
    }

    private async Task<SandboxStore> CreateAsync(Lifecycle lifecycle)
    {
        SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(new NewSandbox("sb-1")
        {
            State = CaseCalls.StateOf(lifecycle),
            Containers = [new NewContainer("c-1") { State = CaseCalls.StateOf(lifecycle) }],
        });
        return store;
    }
}
