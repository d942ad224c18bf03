using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Kata;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Cases;

/// <summary>The seed's api_test.go: the life of a sandbox.</summary>
public sealed class ApiCases : IDisposable
{
    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Theory]
    [InlineData("noop", "null")]
    [InlineData("hyperstart", """{"SockCtlName":"/tmp/ctl.sock","SockTtyName":"/tmp/tty.sock"}""")]
    [InlineData("kata", """{"LongLiveConn":true,"UseVSock":false}""")]
    [Trait("case", "69")]
    public async Task CreateSandbox_with_each_agent_has_a_config_directory_and_is_found_again(string agent, string agentConfig)
    {
        await using SandboxStore store = await _test.OpenAsync();
        SandboxConfig config = TestSandboxes.ConfigOf("sb-1") with { AgentType = agent, AgentConfig = JsonElement.Parse(agentConfig) };

        await store.CreateAsync(
            new NewSandbox("sb-1") { Config = config, Agent = new AgentState { ProxyPid = 17, Url = "unix:///run/agent.sock" } });

        Assert.True(Directory.Exists(_test.ConfigPath("sb-1")));
        await using SandboxStore other = await _test.OpenAsync();
        SandboxConfig found = other.Kata().Fetch<SandboxConfig>("sb-1", SandboxResource.Config)!;
        Assert.Equal((agent, agentConfig), (found.AgentType, found.AgentConfig?.GetRawText() ?? "null"));
        Assert.Equal("unix:///run/agent.sock", other.Kata().Fetch<AgentState>("sb-1", SandboxResource.Agent)!.Url);
    }

    [Fact]
    [Trait("case", "70")]
    public async Task CreateSandboxFailing_with_an_empty_config_leaves_no_sandbox()
    {
        await using SandboxStore store = await _test.OpenAsync();

        await Assert.ThrowsAsync<ArgumentException>(
            async () => await store.Kata().CreateAsync(new NewSandbox("sb-1") { Config = new SandboxConfig { Id = "sb-1" } }));

        Assert.Empty(store.ReadStatuses());
        Assert.False(Directory.Exists(_test.ConfigPath("sb-1")) || Directory.Exists(_test.RunPath("sb-1")));
    }

    [Theory]
    [InlineData(Lifecycle.Ready)]
    [InlineData(Lifecycle.Paused)]
    [InlineData(Lifecycle.Stopped)]
    [Trait("case", "71")]
    public async Task DeleteSandbox_takes_the_directories_of_both_roots(Lifecycle lifecycle)
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(CaseCalls.Ready("sb-1", "c-1") with { State = CaseCalls.StateOf(lifecycle) });

        Assert.True(await store.Kata().RemoveAsync("sb-1"));

        Assert.False(Directory.Exists(_test.ConfigPath("sb-1")));
        Assert.False(Directory.Exists(_test.RunPath("sb-1")));
    }

    [Fact]
    [Trait("case", "72")]
    public async Task DeleteSandboxFailing_is_told_and_whoever_needs_it_to_exist_gets_an_error()
    {
        await using SandboxStore store = await _test.OpenAsync();

        Assert.False(await store.Kata().RemoveAsync("sb-1"));
        NotFoundException failure = await Assert.ThrowsAsync<NotFoundException>(async () => await store.LockAsync("sb-1"));
        Assert.Equal(("sandbox", "sb-1"), (failure.What, failure.Id));
    }

    [Fact]
    [Trait("case", "73")]
    public async Task StartSandboxFailing()
    {
        await using SandboxStore store = await _test.OpenAsync();

        await Assert.ThrowsAsync<NotFoundException>(() => store.MoveAllAsync("sb-1", Lifecycle.Ready, Lifecycle.Running));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.LockAsync(""));
    }

    [Fact]
    [Trait("case", "74")]
    public async Task StopSandboxFailing()
    {
        await using SandboxStore store = await _test.OpenAsync();

        await Assert.ThrowsAsync<NotFoundException>(() => store.MoveAllAsync("sb-1", Lifecycle.Running, Lifecycle.Stopped));
    }

    [Fact]
    [Trait("case", "75")]
    public async Task RunSandboxFailing_with_an_empty_config()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await using ModelLock held = await store.LockNewAsync("sb-1");

        Assert.Throws<ArgumentException>(() => held.Change().Put(new NewSandbox("sb-1") { Config = new SandboxConfig() }));
        Assert.Empty(store.ReadStatuses());
    }

    [Fact]
    [Trait("case", "76")]
    public async Task StopSandbox_stops_the_sandbox_and_all_containers_in_one_transaction()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1", "c-2");
        Lsn running = await store.MoveAllAsync("sb-1", Lifecycle.Ready, Lifecycle.Running);

        Lsn stopped = await store.MoveAllAsync("sb-1", Lifecycle.Running, Lifecycle.Stopped);

        Assert.Equal([Lifecycle.Stopped, Lifecycle.Stopped, Lifecycle.Stopped], await _test.StatesAsync("sb-1"));
        Assert.Equal(running.Value + 1, stopped.Value);
    }

    [Fact]
    [Trait("case", "77")]
    public async Task RunSandbox_keeps_its_lock_from_before_the_creation_until_it_runs()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await using SandboxStore other = await _test.OpenAsync();
        await using (ModelLock held = await store.LockNewAsync("sb-1"))
        {
            await held.Change().Put(CaseCalls.Ready("sb-1", "c-1")).CommitAsync();
            await Assert.ThrowsAsync<LockTimeoutException>(async () => await other.LockAsync("sb-1", timeout: TimeSpan.Zero));
            await held.Change().Transition(Lifecycle.Ready, Lifecycle.Running).Transition("c-1", Lifecycle.Ready, Lifecycle.Running)
                .CommitAsync();
        }

        Assert.Equal([Lifecycle.Running, Lifecycle.Running], await _test.StatesAsync("sb-1"));
    }

    [Fact]
    [Trait("case", "78")]
    public async Task PauseThenResume_takes_the_sandbox_and_all_containers_along()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1", "c-2");
        await store.MoveAllAsync("sb-1", Lifecycle.Ready, Lifecycle.Running);

        await store.MoveAllAsync("sb-1", Lifecycle.Running, Lifecycle.Paused);
        Assert.Equal([Lifecycle.Paused, Lifecycle.Paused, Lifecycle.Paused], await _test.StatesAsync("sb-1"));

        await store.MoveAllAsync("sb-1", Lifecycle.Paused, Lifecycle.Running);
        Assert.Equal([Lifecycle.Running, Lifecycle.Running, Lifecycle.Running], await _test.StatesAsync("sb-1"));
    }

    [Fact]
    [Trait("case", "79")]
    public async Task ListSandboxSuccessful_has_every_sandbox_sorted_by_id()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-2");
        await store.CreateAsync(CaseCalls.Ready("sb-1"));

        Assert.Equal(["sb-1", "sb-2"], Ids(store.ReadStatuses()));
    }

    [Fact]
    [Trait("case", "80")]
    public async Task ListSandboxNoSandboxDirectory_is_an_empty_list_unless_it_was_taken_away_from_an_open_store()
    {
        Assert.False(Directory.Exists(_test.Layout.Config));
        await using SandboxStore store = await _test.OpenAsync();
        Assert.Empty(store.ReadStatuses());

        Directory.Delete(_test.Layout.Config);

        Assert.Throws<StorageException>(() => store.ReadStatuses());
    }

    [Theory]
    [InlineData(Lifecycle.Ready)]
    [InlineData(Lifecycle.Running)]
    [Trait("case", "81")]
    [Trait("case", "82")]
    public async Task StatusSandbox_ready_and_running_has_all_that_was_stored_with_the_hypervisor_s_defaults(Lifecycle lifecycle)
    {
        var start = Timestamp.From(new DateTimeOffset(2019, 4, 1, 12, 0, 0, TimeSpan.Zero));
        SandboxConfig config = TestSandboxes.ConfigOf("sb-1");
        config = config with
        {
            HypervisorConfig = config.HypervisorConfig.WithDefaults(),
            Containers = [CaseCalls.ConfigOf("c-1")],
            Annotations = new Dictionary<string, string> { ["k"] = "v" }
        };
        var process = new ContainerProcess { Token = "c-1", Pid = 12, StartTime = start };
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(new NewSandbox("sb-1")
        {
            Config = config,
            State = CaseCalls.StateOf(lifecycle),
            Containers =
            [new NewContainer("c-1") { Config = CaseCalls.ConfigOf("c-1"), State = CaseCalls.StateOf(lifecycle), Process = process }],
        });

        await using SandboxStore other = await _test.OpenAsync();
        SandboxStatus status = await other.ReadStatusAsync("sb-1");

        Assert.Equal(("sb-1", lifecycle, false), (status.Id, status.Lifecycle, status.IsCreating));
        Assert.Empty(status.Errors);
        Assert.Empty(status.Intents);
        CaseCalls.AssertSame(CaseCalls.Model.SandboxConfig, config, status.Config);
        HypervisorConfig hypervisor = status.Config!.HypervisorConfig;
        Assert.Equal(
            (1u, 240u, 2048u, 1u, 8192u, "virtio-scsi"),
            (hypervisor.NumVcpus, hypervisor.DefaultMaxVcpus, hypervisor.MemorySize, hypervisor.DefaultBridges, hypervisor.Msize9p,
            hypervisor.BlockDeviceDriver));
        ContainerStatus container = Assert.Single(status.Containers);
        Assert.Equal(("c-1", lifecycle), (container.Id, container.Lifecycle));
        CaseCalls.AssertSame(CaseCalls.Model.ContainerConfig, CaseCalls.ConfigOf("c-1"), container.Config);
        CaseCalls.AssertSame(CaseCalls.Model.Process, process, container.Process);
    }

    [Fact]
    [Trait("case", "83")]
    public async Task StatusSandboxFailingFetchSandboxConfig_shows_what_is_left_and_lets_it_be_removed()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        Directory.Delete(_test.ConfigPath("sb-1"), recursive: true);

        SandboxStatus status = await store.ReadStatusAsync("sb-1");

        Assert.Null(status.Config);
        Assert.Equal(Lifecycle.Ready, status.Lifecycle);
        Assert.Equal("sb-1", Assert.Single(store.ReadStatuses()).Id);
        Assert.Throws<NotFoundException>(() => store.Store.Require("sb-1", CaseCalls.Model.SandboxConfig));
        Assert.True(await store.Kata().RemoveAsync("sb-1"));
        Assert.Empty(store.ReadStatuses());
    }

    [Fact]
    [Trait("case", "84")]
    public async Task StatusPodSandboxFailingFetchSandboxState_of_nothing_is_an_error_and_of_a_lost_state_is_in_no_known_state()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        File.Delete(_test.RunPath("sb-1/state.json"));

        Assert.Equal(Lifecycle.Unknown, (await store.ReadStatusAsync("sb-1")).Lifecycle);
        Assert.False(File.Exists(_test.RunPath("sb-1/state.json")));
        InvalidTransitionException failure =
            await Assert.ThrowsAsync<InvalidTransitionException>(() => store.MoveAllAsync("sb-1", Lifecycle.Ready, Lifecycle.Running));
        Assert.Equal(Lifecycle.Unknown, failure.Actual);
        await store.Kata().RemoveAsync("sb-1");
        await Assert.ThrowsAsync<NotFoundException>(async () => await store.ReadStatusAsync("sb-1"));
    }

    private static IEnumerable<string> Ids(IReadOnlyList<SandboxStatus> all)
    {
        foreach (SandboxStatus status in all)
        {
            yield return status.Id;
        }
    }
}
