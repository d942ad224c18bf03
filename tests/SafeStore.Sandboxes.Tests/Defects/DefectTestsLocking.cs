using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Kata;
using SafeStore.Sandboxes.Tests.Cases;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Defects;

/// <summary>docs/kata-defects.md, 25 to 35: locking.</summary>
public sealed class DefectTestsLocking : IDisposable
{
    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public void Of_two_processes_that_create_one_sandbox_one_does_and_the_other_is_told_in_any_order_of_their_calls()
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            var machine = new SimulatedMachine();
            List<string> created = [];
            List<string> told = [];
            machine.RunConcurrently(
                seed, [.. new[] { "1", "2" }.Select(name => (Name: name, Process: machine.Start(name)))
                .Select(each => new ConcurrentWork(each.Process, async () =>
            {
                await using SandboxStore store = await SimulatedSandboxes.OpenAsync(each.Process);
                try
                {
                    await store.CreateAsync(CaseCalls.Ready("sb-1", "c-" + each.Name));
                    created.Add("c-" + each.Name);
                }
                catch (AlreadyExistsException)
                {
                    told.Add(each.Name);
                }

                SandboxStatus status = Assert.Single(store.ReadStatuses());
                Assert.Equal(
                    status.Config!.Containers!.Select(static container => container.Id),
                    status.Containers.Select(static container => container.Id));
            }))]);

            Assert.Equal((1, 1), (created.Count, told.Count));
        }
    }

    [Fact]
    public async Task A_shared_lock_cannot_be_used_to_change_anything()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        await using ModelLock held = await store.LockAsync("sb-1", LockMode.Shared);
        SortedDictionary<string, string> before = _test.Tree();

        Assert.Throws<InvalidOperationException>(() => held.Change());
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await held.IntendJsonAsync("netns", JsonElement.Parse("{}")));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await held.UndoAsync());

        Assert.Equal(before, _test.Tree());
    }

    [Fact]
    public async Task A_lock_that_is_released_twice_leaves_alone_who_has_it_meanwhile()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");
        await using SandboxStore other = await _test.OpenAsync();
        ModelLock first = await store.LockAsync("sb-1");
        await first.DisposeAsync();
        await using ModelLock second = await other.LockAsync("sb-1", timeout: TimeSpan.Zero);

        await first.DisposeAsync();

        await Assert.ThrowsAsync<LockTimeoutException>(async () => await store.LockAsync("sb-1", timeout: TimeSpan.Zero));
        await second.Change().Transition(Lifecycle.Ready, Lifecycle.Running).CommitAsync();
    }

    [Fact]
    public async Task What_belongs_to_a_lock_cannot_be_used_after_it()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        ModelLock held = await store.LockAsync("sb-1");
        ModelChange edit = held.Change().Transition(Lifecycle.Ready, Lifecycle.Running);
        await held.DisposeAsync();
        SortedDictionary<string, string> before = _test.Tree();

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await edit.CommitAsync());
        Assert.Throws<InvalidOperationException>(() => held.Change());
        Assert.Throws<InvalidOperationException>(() => held.Read(held.Model.SandboxState));
        Assert.Throws<InvalidOperationException>(() => held.ListContainers());
        Assert.Throws<InvalidOperationException>(() => held.CreateTempFile());

        Assert.Equal(before, _test.Tree());
    }

    [Fact]
    public async Task Calls_at_the_same_time_each_have_an_activity_of_their_own()
    {
        using var activities = new ActivityRecorder();
        // with a clock that goes: creations wait for each other's names
        await using SandboxStore store = await SandboxStore.OpenAsync(_test.Layout);
        string[] ids = [.. Enumerable.Range(1, 16).Select(static number => $"own-activity-{number}")];
        await Task.WhenAll(ids.Select(id => Task.Run(async () =>
        {
            await store.Kata().CreateAsync(CaseCalls.Ready(id));
            _ = store.Kata().Fetch<State>(id, SandboxResource.State);
        })));

        string[] own =
            [.. activities.All.Where(activity => ids.Contains((string)activity.GetTagItem("sandbox")!))
            .Select(static activity => $"{activity.OperationName} {activity.GetTagItem("sandbox")}").Order(StringComparer.Ordinal)];
        Assert.Equal(
            ids.SelectMany(static id => new[] { $"createAllResources {id}", $"fetchResource {id}" }).Order(StringComparer.Ordinal), own);
    }

    [Fact]
    public async Task What_was_read_is_the_reader_s_own()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(
            new NewSandbox(
            "sb-1")
            { Config = TestSandboxes.ConfigOf("sb-1") with { Annotations = new Dictionary<string, string> { ["a"] = "1" } } });
        SandboxConfig read = store.Kata().Fetch<SandboxConfig>("sb-1", SandboxResource.Config)!;

        ((IDictionary<string, string>)read.Annotations!)["a"] = "changed";

        Assert.Equal("1", store.Kata().Fetch<SandboxConfig>("sb-1", SandboxResource.Config)!.Annotations!["a"]);
    }
}
