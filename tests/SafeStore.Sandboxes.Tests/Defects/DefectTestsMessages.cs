using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using SafeStore.Kata;
using SafeStore.Sandboxes.Tests.Cases;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Defects;

/// <summary>docs/kata-defects.md, 67 and 71 to 79: activities, messages, one rule for all.</summary>
public sealed class DefectTestsMessages : IDisposable
{
    private const string Secret = "PASSWORD=hunter2";

    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Every_store_fetch_and_removal_has_an_activity_without_any_context_being_set()
    {
        using var activities = new ActivityRecorder();
        await using SandboxStore store = await _test.OpenAsync();
        await store.Kata().CreateAsync(CaseCalls.Ready("told", "c-1"));
        await store.Kata().StoreAsync("told", SandboxResource.Agent, new AgentState());
        await store.Kata().StoreContainerAsync("told", "c-1", SandboxResource.Process, new ContainerProcess());
        _ = store.Kata().Fetch<State>("told", SandboxResource.State);
        _ = store.Kata().FetchContainer<IReadOnlyList<ContainerDevice>>("told", "c-1", SandboxResource.ContainerDevices);
        await store.Kata().RemoveContainerAsync("told", "c-1");
        await store.Kata().RemoveAsync("told");

        Assert.Equal(
            [
                "createAllResources told", "storeResource told agentFileType", "storeResource told c-1 processFileType",
                    "fetchResource told stateFileType",
                "fetchResource told c-1 devicesIDFileType", "deleteResource told c-1", "deleteResource told",
            ],
            activities.All.Where(static activity => Equals(activity.GetTagItem("sandbox"), "told")).Select(static activity =>
                string.Join(' ',
                    new[] { activity.OperationName, activity.GetTagItem("sandbox"), activity.GetTagItem("container"),
                    activity.GetTagItem("resource") }.Where(static part => part is not null))));
        Assert.All(activities.All,
            static activity => Assert.Equal(("storage", "filesystem"), (activity.GetTagItem("subsystem"), activity.GetTagItem("type"))));
    }

    [Fact]
    public async Task No_message_and_no_activity_has_anything_of_a_document_in_it()
    {
        using var activities = new ActivityRecorder();
        var log = new Messages();
        var options = new SandboxStoreOptions { Store = new StoreOptions { Logger = log, SegmentBytes = 16 * 1024, LogBytesMax = 0 } };
        ContainerConfig config =
            CaseCalls.ConfigOf(
            "c-1") with
            { Command = new ContainerCommand { Envs = [new EnvironmentVariable { Name = "secret", Value = Secret }] } };
        await using (SandboxStore store = await SandboxStore.OpenAsync(_test.Layout, options))
        {
            await store.CreateAsync(new NewSandbox("sb-1") { Containers = [new NewContainer("c-1") { Config = config }] });
            await store.Kata().StoreAsync<IReadOnlyList<Device>>(
                "sb-1", SandboxResource.Devices, [new GenericDevice { Id = Secret, DeviceInfo = new DeviceInfo { HostPath = Secret } }]);
            _ = store.Kata().Fetch<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices);
            await File.AppendAllTextAsync(_test.RunPath("sb-1/devices.json"), "}");
            DocumentCorruptException failure =
                Assert.Throws<DocumentCorruptException>(() => store.Kata().Fetch<IReadOnlyList<Device>>("sb-1", SandboxResource.Devices));
            Assert.DoesNotContain(Secret, failure.ToString(), StringComparison.Ordinal);
            _ = store.ReadStatuses();
        }

        await File.WriteAllTextAsync(_test.RunPath("sb-1/lock"), "");
        await using SandboxStore again = await SandboxStore.OpenAsync(_test.Layout, options);
        await (await again.LockAsync("sb-1")).DisposeAsync();

        Assert.NotEmpty(log.All);
        Assert.DoesNotContain(log.All, static message => message.Contains(Secret, StringComparison.Ordinal));
        Assert.DoesNotContain(
            activities.All.SelectMany(static activity => activity.TagObjects), static tag =>
            (tag.Value?.ToString() ?? "").Contains(Secret, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("\t\n")]
    public async Task An_empty_or_blank_id_is_the_same_error_in_every_call(string empty)
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        Func<ValueTask>[] own =
        [
            async () => await store.CreateAsync(new NewSandbox(empty)), async () => await store.LockNewAsync(empty),
            async () => await store.LockAsync(empty), async () => await store.LockAsync(empty, LockMode.Shared),
            async () => await store.ReadStatusAsync(empty), async () => await store.TakeBlockIndexAsync(empty),
        ];
        Func<ValueTask>[] calls =
        [
            async () => await store.Kata().CreateAsync(new NewSandbox(empty)), async () =>
                await store.Kata().StoreAsync(empty, SandboxResource.State, new State()), async () =>
            await store.Kata().RemoveAsync(empty), async () => await store.Kata().RemoveAsync(empty, []),
            async () => await store.Kata().StoreContainerAsync(empty, "", (SandboxResource)(-1), 0), async () =>
            await store.Kata().RemoveContainerAsync(empty, ""),
            () => Done(store.Kata().Fetch<State>(empty, SandboxResource.State)), () =>
            Done(store.Kata().FetchContainer<State>(empty, "", (SandboxResource)(-1))),
            () => Done(store.Kata().UriOf(empty, SandboxResource.Lock)), () =>
                Done(store.Kata().UriOfContainer(empty, "", (SandboxResource)(-1))),
        ];

        foreach (Func<ValueTask> call in own)
        {
            ArgumentException failure = await Assert.ThrowsAsync<ArgumentException>(async () => await call());
            Assert.StartsWith("A sandbox id must have 1 to 128 characters", failure.Message, StringComparison.Ordinal);
        }

        foreach (Func<ValueTask> call in calls)
        {
            ResourceArgumentException failure = await Assert.ThrowsAsync<ResourceArgumentException>(async () => await call());
            Assert.Equal((ResourceFault.SandboxIdMissing, "Sandbox ID cannot be empty"), (failure.Fault, failure.SeedMessage));
        }

        await CaseCalls.AssertFaultAsync(
            ResourceFault.ContainerIdMissing, () => store.Kata().StoreContainerAsync("sb-1", empty, (SandboxResource)(-1), 0));
        await CaseCalls.AssertFaultAsync(ResourceFault.ContainerIdMissing, () => store.Kata().RemoveContainerAsync("sb-1", empty));
        CaseCalls.AssertFault(
            ResourceFault.ContainerIdMissing, () => store.Kata().FetchContainer<State>("sb-1", empty, (SandboxResource)(-1)));
        CaseCalls.AssertFault(ResourceFault.ContainerIdMissing, () => store.Kata().UriOfContainer("sb-1", empty, (SandboxResource)(-1)));
        Assert.Equal(["c-1"], store.Store.ListContainers("sb-1"));
    }

    [Fact]
    public async Task A_message_names_what_was_expected_and_what_there_was()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");

        ResourceArgumentException wrongType =
            await Assert.ThrowsAsync<ResourceArgumentException>(
            async () => await store.Kata().StoreContainerAsync("sb-1", "c-1", SandboxResource.ContainerDevices, new[] { new Mount() }));
        ResourceArgumentException noType =
            await Assert.ThrowsAsync<ResourceArgumentException>(
            async () => await store.Kata().StoreAsync("sb-1", SandboxResource.Devices, new[] { "device" }));
        ResourceArgumentException wrongScope =
            Assert.Throws<ResourceArgumentException>(() => store.Kata().Fetch<IReadOnlyList<Mount>>("sb-1", SandboxResource.Mounts));

        Assert.StartsWith(
            "Invalid sandbox resource: the resource 'ContainerDevices' of a container is not a list of Mount.", wrongType.Message,
            StringComparison.Ordinal);
        Assert.StartsWith("Invalid resource data type: no resource is a list of String.", noType.Message, StringComparison.Ordinal);
        Assert.StartsWith("Invalid sandbox resource: a sandbox has no resource 'Mounts'.", wrongScope.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_that_cannot_be_looked_at_is_not_taken_for_a_missing_one()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        File.Delete(_test.RunPath("sb-1/state.json"));
        File.CreateSymbolicLink(_test.RunPath("sb-1/state.json"), "/dev/null");
        SortedDictionary<string, string> before = _test.Tree();

        Assert.Throws<StorageException>(() => store.Kata().Fetch<State>("sb-1", SandboxResource.State));
        Assert.IsType<StorageException>(Assert.Single((await store.ReadStatusAsync("sb-1")).Errors));

        Assert.Equal(before, _test.Tree());
    }

    private static ValueTask Done(object? result)
    {
        Assert.Fail($"The call has given {result}.");
        return ValueTask.CompletedTask;
    }

    private sealed class Messages : ILogger
    {
        public List<string> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (All)
            {
                All.Add(formatter(state, exception) + exception);
            }
        }
    }
}
